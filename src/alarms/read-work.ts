import type { Tx } from '../platform/postgres.ts';
import { ENDINGS_WITHIN_SECONDS } from './readings.ts';
import type { DueTimers, ProjectionLag, Readings, UnsettledJobs } from './readings.ts';

/** How long the log has been past the oldest unpublished row below the mark: the relay's backlog, as time. */
export async function readUnpublishedSeconds(tx: Tx): Promise<number> {
  const { rows } = await tx.query<{ seconds: number }>(
    `select coalesce(extract(epoch from clock_timestamp() - (
       select h.at from hookledger.high_water_mark_history h where h.position >= w.first order by h.position limit 1
     )), 0)::float8 as seconds
     from (
       select min(o.position) as first
       from hookledger.high_water_mark m
       cross join hookledger.lanes l
       cross join lateral (
         select o.position from hookledger.outbox o
         where o.tenant_id = l.tenant_id and o.queue = l.queue
           and o.position > l.published_position and o.position <= m.position
         order by o.position limit 1
       ) o
     ) w`,
  );
  return rows[0]?.seconds ?? 0;
}

/**
 * Reconcile has looked at everything that is older, and has moved its cursors up to the first job that has not ended: so
 * where it works, next to nothing is read here.
 */
const OLDER_THAN_SECONDS = 300;
/** Where it does not, no more than this is read; the rest would make the number bigger and the alarm no truer. */
const ROWS_PER_LANE = 50;
const MAX_ROWS = 10_000;

/** Jobs that were published five minutes ago or more and have neither ended nor been repeated, by queue. */
export async function readUnsettledJobs(tx: Tx): Promise<readonly UnsettledJobs[]> {
  const { rows } = await tx.query<UnsettledJobs>(
    `with ripe as (
       select position from hookledger.high_water_mark_history
       where at <= clock_timestamp() - make_interval(secs => $1::integer) order by at desc limit 1
     )
     select u.queue, u.jobs, coalesce(extract(epoch from clock_timestamp() - (
       select h.at from hookledger.high_water_mark_history h where h.position >= u.first order by h.position limit 1
     )), 0)::float8 as "oldestSeconds"
     from (
       select o.queue, count(*)::integer as jobs, min(o.position) as first
       from (
         select o.*
         from ripe
         cross join hookledger.lanes l
         left join hookledger.settled_lanes s on s.tenant_id = l.tenant_id and s.queue = l.queue
         cross join lateral (
           select * from hookledger.outbox o
           where o.tenant_id = l.tenant_id and o.queue = l.queue and o.position > coalesce(s.position, 0)
             and o.position <= least(l.published_position, ripe.position)
           order by o.position limit $2::integer
         ) o
         where least(l.published_position, ripe.position) > coalesce(s.position, 0)
         limit $3::integer
       ) o
       where not exists (
           select from hookledger.inbox i
           where i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
             and (i.outcome = 'done' or i.generation >= o.generation))
         and not exists (
           select from hookledger.outbox n
           where n.target_position = o.target_position and n.queue = o.queue and n.replay_id = o.replay_id
             and n.generation > 0 and n.generation > o.generation)
       group by o.queue
     ) u
     order by u.queue`,
    [OLDER_THAN_SECONDS, ROWS_PER_LANE, MAX_ROWS],
  );
  return rows;
}

/** Of the active read models. */
export async function readProjectionLags(tx: Tx): Promise<readonly ProjectionLag[]> {
  const { rows } = await tx.query<ProjectionLag>(
    `select p.name, p.version,
       case when p.position >= m.position then 0
         else coalesce(extract(epoch from clock_timestamp() - (
           select e.recorded_at from hookledger.events e where e.position > p.position order by e.position limit 1)), 0)
       end::float8 as seconds
     from (
       select name, version, coalesce(min(c.position), 0) as position
       from hookledger.projections p
       left join hookledger.projection_checkpoints c using (name, version)
       where p.state = 'active'
       group by name, version
     ) p
     cross join hookledger.high_water_mark m
     order by p.name`,
  );
  return rows;
}

/** What ended badly. */
export async function readBadEnds(tx: Tx): Promise<Pick<Readings, 'deadLetters' | 'uncertainEffects'>> {
  const { rows } = await tx.query<Pick<Readings, 'deadLetters' | 'uncertainEffects'>>(
    `select
       (select count(distinct (d.position, d.queue, d.replay_id)) from hookledger.dead_letters d
        join hookledger.inbox i using (position, queue, replay_id)
        where d.died_at > clock_timestamp() - interval '1 day' and i.outcome = 'dead')::integer as "deadLetters",
       (select count(*) from hookledger.intents
        where state <> 'done' and (state = 'uncertain'
          or (declared = 'neither' and is_unanswered and lease_until < clock_timestamp())))::integer
         as "uncertainEffects"`,
  );
  return rows[0] ?? { deadLetters: 0, uncertainEffects: 0 };
}

/** Where they fire there are few, and next to nothing is read. */
export async function readDueTimers(tx: Tx): Promise<DueTimers> {
  const { rows } = await tx.query<DueTimers>(
    `select count(*)::integer as timers,
       coalesce(extract(epoch from clock_timestamp() - min(t.due_at)), 0)::float8 as "oldestSeconds"
     from (
       select due_at from hookledger.timers where due_at <= clock_timestamp() order by due_at limit $1::integer
     ) t`,
    [MAX_ROWS],
  );
  return rows[0] ?? { timers: 0, oldestSeconds: 0 };
}

/** How many seconds ago a job of each queue ended last; a queue without an end in that time is left out. */
export async function readLastEndings(tx: Tx): Promise<ReadonlyMap<string, number>> {
  const { rows } = await tx.query<{ queue: string; seconds: number }>(
    `select queue, extract(epoch from clock_timestamp() - max(ended_at))::float8 as seconds
     from hookledger.inbox
     where ended_at > clock_timestamp() - make_interval(secs => $1::integer)
     group by queue`,
    [ENDINGS_WITHIN_SECONDS],
  );
  return new Map(rows.map(({ queue, seconds }) => [queue, seconds]));
}
