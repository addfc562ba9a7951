import type { Pool } from '../../src/platform/postgres.ts';

/** How many bytes of write-ahead log this server has written. */
export async function readWalBytes(admin: Pool): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint as bytes`,
  );
  return Number(rows[0]?.bytes);
}

/** The position drawn last. */
export async function readLastPosition(admin: Pool): Promise<string> {
  const { rows } = await admin.query<{ position: string }>(
    'select last_value as position from hookledger.position_seq',
  );
  return rows[0]?.position ?? '0';
}

/** Of the outbox, by position. */
export async function countRowsAfter(admin: Pool, position: string): Promise<number> {
  const { rows } = await admin.query<{ rows: number }>(
    'select count(*)::integer as rows from hookledger.outbox where position > $1::bigint',
    [position],
  );
  return rows[0]?.rows ?? 0;
}

/** What updates and deletes have left behind in the relay's tables, in words. */
export async function describeTables(admin: Pool, pools: readonly Pool[]): Promise<readonly string[]> {
  for (const pool of pools) await flushStatistics(pool);
  const { rows } = await admin.query<Record<'name' | 'inserted' | 'changed' | 'dead' | 'bytes', string>>(
    `select case when relname like 'outbox%' then 'outbox, all partitions' else relname::text end as name,
       sum(n_tup_ins) as inserted, sum(n_tup_upd + n_tup_del) as changed, sum(n_dead_tup) as dead,
       sum(pg_table_size(relid)) as bytes
     from pg_stat_user_tables
     where schemaname = 'hookledger'
       and (relname like 'outbox%' or relname in ('lanes', 'leases', 'high_water_mark', 'high_water_mark_history'))
     group by 1 order by 1`,
  );
  return rows.map(
    ({ name, inserted, changed, dead, bytes }) =>
      `table ${name}: ${inserted} rows inserted, ${changed} updated or deleted, ` +
      `${dead} dead tuples, ${Math.ceil(Number(bytes) / 1_024)} kB without indexes`,
  );
}

/** Sessions report what they changed with a delay of up to ten seconds; they are idle now, so each can be told to. */
async function flushStatistics(pool: Pool): Promise<void> {
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  for (const client of clients) {
    await client.query('select pg_stat_force_next_flush()');
    client.release();
  }
}
