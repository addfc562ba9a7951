import { appendEvents } from '../../src/event-store/append-events.ts';
import { buryJobs } from '../../src/event-store/bury-jobs.ts';
import type { Death } from '../../src/event-store/bury-jobs.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import type { TestDatabase } from './database.ts';
import { newEvent } from './new-event.ts';

type Dying = Partial<Pick<Death, 'tenantId' | 'queue' | 'cause' | 'detail' | 'attempts'>> & Readonly<{ call: string }>;

/** Calls that started, whose jobs died; each with its tries on record. In the order of the log. */
export async function killJobs(database: TestDatabase, dying: readonly Dying[]): Promise<readonly Death[]> {
  const deaths: Death[] = [];
  for (const { call, tenantId = 'unassigned', ...death } of dying) {
    const event = newEvent({ call, tenantId });
    const [appended] = await withTransaction(database.pool, { tenant: '*' }, (tx) => appendEvents(tx, [event]));
    deaths.push({
      position: String(appended?.position),
      queue: 'ingress-events',
      replayId: 'live',
      generation: 0,
      tenantId,
      eventId: event.eventId,
      eventType: 'CallStarted',
      cause: 'attempts-exhausted',
      detail: `Error: no answer about ${call}_1 in time`,
      attempts: 2,
      ...death,
    });
  }
  await withTransaction(database.pool, { tenant: '*' }, (tx) => buryJobs(tx, deaths));
  await database.adminPool.query(
    `insert into hookledger.job_attempts
       (position, queue, replay_id, generation, tenant_id, attempt, outcome, detail, transport, started_at, duration_ms)
     select d.position, d.queue, d.replay_id, d.generation, d.tenant_id, n, case when n < d.attempts then 'retry' else 'dead' end,
       d.detail, 'memory', d.died_at - make_interval(secs => d.attempts - n), 12
     from hookledger.dead_letters d cross join lateral generate_series(1, d.attempts) n
     where d.event_id = any ($1::uuid[])`,
    [deaths.map(({ eventId }) => eventId)],
  );
  return deaths;
}

/** The next generation of a job ends, as its worker would have it. */
export async function endAgain(
  database: TestDatabase,
  death: Death,
  outcome: 'done' | 'dead',
  generation: number,
): Promise<void> {
  if (outcome === 'dead') {
    await withTransaction(database.pool, { tenant: '*' }, (tx) => buryJobs(tx, [{ ...death, generation }]));
    return;
  }
  await database.adminPool.query(
    `update hookledger.inbox set outcome = 'done', generation = $4::integer
     where position = $1::bigint and queue = $2::text and replay_id = $3::text`,
    [death.position, death.queue, death.replayId, generation],
  );
}
