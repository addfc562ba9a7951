import type { Tx } from '../../platform/postgres.ts';

export type ListedProjection = Readonly<{
  name: string;
  version: number;
  state: 'building' | 'verifying' | 'active' | 'retired';
  /** How many fold ranges have a checkpoint of their own. */
  foldRanges: number;
  /** The least of its checkpoints. */
  position: string;
  /** From there to the high-water mark, in positions and in the age of the first that is not folded. */
  behind: string;
  lagSeconds: number;
}>;

export async function listProjections(tx: Tx): Promise<readonly ListedProjection[]> {
  const { rows } = await tx.query<ListedProjection>(
    `select p.name, p.version, p.state, p."foldRanges", p.position, greatest(m.position - p.position, 0) as behind,
       case when p.position >= m.position then 0
         else coalesce(extract(epoch from clock_timestamp() - (
           select e.recorded_at from hookledger.events e where e.position > p.position order by e.position limit 1)), 0)
       end::float8 as "lagSeconds"
     from (
       select name, version, p.state, count(*)::integer as "foldRanges", coalesce(min(c.position), 0) as position
       from hookledger.projections p
       left join hookledger.projection_checkpoints c using (name, version)
       group by name, version, p.state
     ) p
     cross join hookledger.high_water_mark m
     order by p.name, p.version`,
  );
  return rows;
}
