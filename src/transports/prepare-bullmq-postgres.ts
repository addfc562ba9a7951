import { DEFAULT_SCHEMA, runMigrations } from 'bullmq';
import pg from 'pg';

export type PrepareOptions = Readonly<{
  /** The role that publishes and consumes. It must exist. */
  grantTo: string;
  /** Every queue that will be used: the role may not create what BullMQ would otherwise create at the first message. */
  queues: readonly string[];
}>;

/**
 * Brings BullMQ's schema in the database of `adminUrl` up to this version and gives `grantTo` what it needs to use it.
 * Safe to repeat and to run from several processes at once. The admin must be able to create schemas.
 */
export async function prepareBullmqPostgres(adminUrl: string, { grantTo, queues }: PrepareOptions): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'hookledger-queues' });
  await client.connect();
  try {
    await runMigrations(client);
    await client.query('begin');
    // Grants that are made twice at once fail with "tuple concurrently updated".
    await client.query(`select pg_advisory_xact_lock(hashtext('hookledger.bullmq-grants'))`);
    for (const queue of queues) await createIdSequence(client, queue);
    await grantUse(client, grantTo);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/** Our jobs bring their ids, but BullMQ makes this sequence before it looks at them. */
async function createIdSequence(client: pg.Client, queue: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', $1::text, ${DEFAULT_SCHEMA}.job_id_seq_name($2::text)) as name`,
    [DEFAULT_SCHEMA, queue],
  );
  for (const { name } of rows) await client.query(`create sequence if not exists ${name}`);
}

async function grantUse(client: pg.Client, grantTo: string): Promise<void> {
  const role = client.escapeIdentifier(grantTo);
  const { rows } = await client.query<{ database: string }>(`select quote_ident(current_database()) as database`);
  // Adding jobs in bulk goes through temporary tables.
  for (const { database } of rows) await client.query(`grant temporary on database ${database} to ${role}`);
  await client.query(`grant usage on schema ${DEFAULT_SCHEMA} to ${role}`);
  await client.query(`grant select, insert, update, delete on all tables in schema ${DEFAULT_SCHEMA} to ${role}`);
  await client.query(`grant usage, select on all sequences in schema ${DEFAULT_SCHEMA} to ${role}`);
  await client.query(`grant execute on all functions in schema ${DEFAULT_SCHEMA} to ${role}`);
}
