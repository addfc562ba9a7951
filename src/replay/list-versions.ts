import type { Tx } from '../platform/postgres.ts';
import type { ProjectionState, RebuildStage } from './registry.ts';

/** A version of a read model, for people: where it stands, and how far a rebuild is. */
export type ListedVersion = Readonly<{
  name: string;
  version: number;
  foldVersion: number;
  state: ProjectionState;
  stage: RebuildStage | null;
  /** How many fold ranges have a checkpoint of their own. */
  foldRanges: number;
  /** The least of its checkpoints. */
  position: string;
  /** From there to the high-water mark, in positions and in the age of the first that is not folded. */
  behind: string;
  lagSeconds: number;
  /** Of whole streams that a rebuild has folded, of all that it is to fold; null where it never was rebuilt. */
  events: string | null;
  expectedEvents: string | null;
  /** Since the rebuild was begun; null unless whole streams are being folded. */
  eventsPerSecond: number | null;
  secondsLeft: number | null;
  startedAt: Date | null;
  startedBy: string | null;
  reason: string | null;
  /** Where it was compared with the active one, and in how many figures of money they differed. */
  verifiedPosition: string | null;
  verifiedDifferences: number | null;
  keepUntil: Date | null;
}>;

/** Every version of every read model, by name and version. */
export async function listVersions(tx: Tx): Promise<readonly ListedVersion[]> {
  const { rows } = await tx.query<ListedVersion>(
    `select p.name, p.version, p.fold_version as "foldVersion", p.state, p.stage, c."foldRanges", c.position,
       greatest(m.position - c.position, 0) as behind,
       case when c.position >= m.position then 0
         else coalesce(extract(epoch from clock_timestamp() - (
           select e.recorded_at from hookledger.events e where e.position > c.position order by e.position limit 1)), 0)
       end::float8 as "lagSeconds",
       c.events::text as events, c.expected::text as "expectedEvents", round(rate.value)::float8 as "eventsPerSecond",
       ceil((c.expected - c.events) / nullif(rate.value, 0))::float8 as "secondsLeft",
       p.started_at as "startedAt", p.started_by as "startedBy", p.reason,
       p.verified_position as "verifiedPosition", p.verified_differences as "verifiedDifferences",
       p.keep_until as "keepUntil"
     from hookledger.projections p
     cross join hookledger.high_water_mark m
     left join lateral (
       select count(*)::integer as "foldRanges", coalesce(min(position), 0) as position,
         case when count(expected_events) > 0 then sum(events) end as events, sum(expected_events) as expected
       from hookledger.projection_checkpoints c where c.name = p.name and c.version = p.version
     ) c on true
     left join lateral (
       select c.events / nullif(extract(epoch from clock_timestamp() - p.started_at), 0) as value
       where p.stage = 'folding'
     ) rate on true
     order by p.name, p.version`,
  );
  return rows;
}
