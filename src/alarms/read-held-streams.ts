import type { Tx } from '../platform/postgres.ts';
import type { HeldStreams } from './readings.ts';

/** So many dead jobs of a queue are looked at, the oldest first: more would make the number bigger and the alarm no truer. */
const MAX_DEAD_JOBS = 20_000;

/**
 * Streams of queues that hold after a dead job, where the next job has been asked for and waits; by queue. As workers see
 * it, see hookledger.take_jobs.
 */
export async function readHeldStreams(tx: Tx): Promise<readonly HeldStreams[]> {
  const { rows } = await tx.query<HeldStreams>(
    `select q.queue, count(*)::integer as streams,
       extract(epoch from clock_timestamp() - min(h.died_at))::float8 as "oldestSeconds",
       ((array_agg(h.event_id order by h.died_at))[1])::text as "oldestEventId"
     from hookledger.ordered_queues q
     cross join lateral (
       select d.event_id, d.died_at
       from (
         select d.* from hookledger.dead_letters d
         join hookledger.inbox i on i.position = d.position and i.queue = d.queue and i.replay_id = d.replay_id
           and i.generation = d.generation and i.outcome in ('dead', 'expired')
         where d.queue = q.queue
         order by d.died_at limit $1::integer
       ) d
       join hookledger.events e on e.position = d.position
       cross join lateral (
         select n.position from hookledger.events n
         where n.stream_key = e.stream_key and n.version > e.version and n.type = any (q.types)
         order by n.version limit 1
       ) n
       where exists (
           select from hookledger.outbox o
           where o.position = n.position and o.queue = q.queue and o.replay_id = d.replay_id)
         and not exists (
           select from hookledger.inbox w
           where w.position = n.position and w.queue = q.queue and w.replay_id = d.replay_id)
     ) h
     where q.on_dead = 'hold'
     group by q.queue
     order by q.queue`,
    [MAX_DEAD_JOBS],
  );
  return rows;
}
