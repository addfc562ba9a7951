import type { Queue } from '../../src/domain/queues.ts';
import type { EventType } from '../../src/domain/events.ts';
import type { Drill } from './drill.ts';
import { fateOf } from './drill-handlers.ts';
import { untilInFlight } from './until-in-flight.ts';

type Row = Readonly<{
  queue: Queue;
  type: EventType;
  eventId: string;
  outcome: string | null;
  isDeadLetter: boolean;
  seconds: number;
}>;

/** From the record of an event to the end of a job that does not fail: others' failures must not hold it up. */
const MAX_SECONDS = 30;

/** Of fewer, with one in a hundred poisoned, chance spares them all now and then: of 422 once in seventy runs. */
const ENOUGH_JOBS = 1_000;

export const poison: Drill = {
  name: 'poison',
  breaks: 'the handlers: 1 % of the jobs fail for good, 5 % fail twice',
  isPoisoned: true,
  mayDie: ({ queue, type, eventId }) => fateOf(queue, { type, eventId }) === 'fails for good',
  async fault({ pool, broke, note }) {
    broke(
      await untilInFlight(async () => {
        const { rows } = await pool.query<{ failed: number }>(
          `select count(*)::integer as failed from hookledger.job_attempts where outcome in ('retry', 'dead')`,
        );
        return rows[0]?.failed ?? 0;
      }),
    );
    return async () => {
      const { rows } = await pool.query<Row>(
        `select o.queue, e.type, e.event_id as "eventId", i.outcome,
           extract(epoch from i.ended_at - e.recorded_at)::float8 as seconds,
           exists (select from hookledger.dead_letters d
             where d.position = o.target_position and d.queue = o.queue and d.replay_id = o.replay_id) as "isDeadLetter"
         from hookledger.outbox o
         join hookledger.events e on e.position = o.target_position
         left join hookledger.inbox i on i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
         where o.queue <> 'analytics-events'`,
      );
      const jobs = Map.groupBy(rows, (row) => fateOf(row.queue, row));
      const [bad = [], good = []] = [jobs.get('fails for good'), jobs.get('succeeds')];
      const buried = bad.filter(({ outcome, isDeadLetter }) => outcome === 'dead' && isDeadLetter).length;
      const slowest = Math.max(...good.map(({ seconds }) => seconds));
      note(`${bad.length} of ${rows.length} jobs were poison, ${jobs.get('fails twice')?.length ?? 0} failed twice`);
      note(`the slowest of the others had ended after ${slowest.toFixed(1)} s`);
      return [
        ...(bad.length > 0 || rows.length < ENOUGH_JOBS ? [] : ['no job was poison']),
        ...(buried === bad.length ? [] : [`${bad.length - buried} poison jobs are no dead letters`]),
        ...(slowest <= MAX_SECONDS ? [] : [`a job that does not fail took ${slowest.toFixed(1)} s`]),
      ];
    };
  },
};
