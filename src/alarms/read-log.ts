import type { Tx } from '../platform/postgres.ts';
import type { Appender, Readings } from './readings.ts';

/** Of the log and of those who move it on. */
export type LogReading = Pick<Readings, 'shards' | 'shardsHeld' | 'isTracked' | 'mark' | 'drawn' | 'unmarkedSeconds'>;

export async function readLog(tx: Tx): Promise<LogReading> {
  const { rows } = await tx.query<LogReading>(
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
  const [reading] = rows;
  if (reading === undefined) throw new Error('The high-water mark has no row; was the database restored in part?');
  return reading;
}

/**
 * The holder of the append lock whose transaction is the oldest. The rest of the transaction runs as the role that
 * logged in: of a session, PostgreSQL tells its age only to the role that it logged in as.
 */
export async function readOldestAppender(tx: Tx): Promise<Appender | undefined> {
  await tx.query('set local role none');
  const { rows } = await tx.query<{ pid: number; applicationName: string; seconds: number | null }>(
    `select coalesce(l.pid, 0) as pid, coalesce(a.application_name, p.gid, '') as "applicationName",
       extract(epoch from clock_timestamp() - coalesce(a.xact_start, p.prepared))::float8 as seconds
     from pg_locks l
     left join pg_stat_activity a on a.pid = l.pid
     left join pg_prepared_xacts p on l.pid is null and p.transaction::text = split_part(l.virtualtransaction, '/', 2)
     where l.locktype = 'advisory' and l.classid = 7283 and l.objid = 1 and l.objsubid = 2
       and l.database = (select oid from pg_database where datname = current_database())
     order by coalesce(a.xact_start, p.prepared) nulls last
     limit 1`,
  );
  const [row] = rows;
  return row === undefined ? undefined : { ...row, seconds: row.seconds ?? undefined };
}

/** How much room the partitions have: above the sequence, and in days. */
export async function readPartitionsAhead(tx: Tx): Promise<Pick<Readings, 'positionsAhead' | 'daysAhead'>> {
  const { rows } = await tx.query<{ positionsAhead: number; daysAhead: number }>(
    `select
       (select min(p.upto) - (select last_value from hookledger.position_seq)
        from (
          select max(substring(pg_get_expr(c.relpartbound, c.oid) from $$TO \\('(\\d+)'\\)$$)::bigint) as upto
          from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = any (array['hookledger.webhooks', 'hookledger.events', 'hookledger.outbox',
            'hookledger.inbox', 'hookledger.job_attempts']::regclass[])
          group by i.inhparent
        ) p)::float8 as "positionsAhead",
       (select max(to_date(right(c.relname, 8), 'YYYYMMDD')) - (clock_timestamp() at time zone 'UTC')::date
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'hookledger.dead_letters'::regclass) as "daysAhead"`,
  );
  return rows[0] ?? { positionsAhead: 0, daysAhead: 0 };
}
