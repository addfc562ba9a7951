import type { Tx } from '../../platform/postgres.ts';

export type LogStatus = Readonly<{
  /** The high-water mark, and the last position that was drawn. */
  mark: string;
  drawn: string;
  /** Age of the first committed event above the mark; 0 where there is none. */
  unmarkedSeconds: number;
  /** Whether a process with the role relay or projector keeps moving the mark. */
  isTracked: boolean;
  /** Relay shards that a process holds, and how many there are. */
  shardsHeld: number;
  shards: number;
}>;

export async function readLogStatus(tx: Tx): Promise<LogStatus> {
  const { rows } = await tx.query<LogStatus>(
    `select m.position as mark,
       (select case when is_called then last_value else last_value - 1 end from hookledger.position_seq) as drawn,
       coalesce(extract(epoch from clock_timestamp() - (
         select e.recorded_at from hookledger.events e where e.position > m.position order by e.position limit 1
       )), 0)::float8 as "unmarkedSeconds",
       coalesce(bool_or(l.lease_until > clock_timestamp()) filter (where l.name = 'high-water-mark'), false) as "isTracked",
       count(*) filter (where l.name like 'relay-%' and l.lease_until > clock_timestamp())::integer as "shardsHeld",
       count(*) filter (where l.name like 'relay-%')::integer as shards
     from hookledger.high_water_mark m
     cross join hookledger.leases l
     group by m.position`,
  );
  const [status] = rows;
  if (status === undefined) throw new Error('The high-water mark has no row; was the database restored in part?');
  return status;
}
