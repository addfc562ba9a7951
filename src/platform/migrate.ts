import { setTimeout as delay } from 'node:timers/promises';
import { MikroORM } from '@mikro-orm/postgresql';
import type pg from 'pg';
import ormConfig from '../../ormconfig.ts';
import { withConnection } from './postgres.ts';

/** Any number, as long as nothing else in this database takes it. */
const migrationLock = 4_665_105;

/**
 * Brings the database at `url` to the newest schema and returns the names of the migrations that it ran. Log in as the
 * owner of the schema. Safe to repeat, and to start twice at once: the second waits, then finds nothing to do. When a
 * file fails, those before it stay.
 */
export async function migrate(url: string): Promise<string[]> {
  return withConnection(url, async (client) => {
    await takeLock(client);
    const orm = await MikroORM.init({ ...ormConfig, clientUrl: url });
    try {
      const applied = await orm.migrator.up();
      // The application role owns nothing here, and still has to see whether the schema fits its code.
      await client.query('grant select on public.hookledger_migrations to public');
      return applied.map(({ name }) => name);
    } finally {
      await orm.close();
    }
  });
}

/** The migrations that the database at `url` lacks. Reads only; any role will do. */
export async function pendingMigrations(url: string): Promise<string[]> {
  const names = (ormConfig.migrations?.migrationsList ?? []).map(({ name }) => name);
  return withConnection(url, async (client) => {
    const table = await client.query<{ exists: boolean }>(
      `select to_regclass('public.hookledger_migrations') is not null as exists`,
    );
    if (table.rows[0]?.exists !== true) return names;
    const { rows } = await client.query<{ name: string }>('select name from public.hookledger_migrations');
    const applied = new Set(rows.map((row) => row.name));
    return names.filter((name) => !applied.has(name));
  });
}

/** Tries again and again: a statement that waits holds a snapshot, and `create index concurrently` waits for those. */
async function takeLock(client: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1::bigint) as taken', [
      migrationLock,
    ]);
    if (rows[0]?.taken === true) return;
    await delay(200);
  }
}
