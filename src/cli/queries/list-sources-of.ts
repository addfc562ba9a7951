import type { Mode } from '../../domain/stream.ts';
import type { Tx } from '../../platform/postgres.ts';

/** The sources of a provider: those in test mode first, then the oldest first. */
export async function listSourcesOf(
  tx: Tx,
  provider: string,
): Promise<readonly Readonly<{ id: string; mode: Mode }>[]> {
  const { rows } = await tx.query<{ id: string; mode: Mode }>(
    `select id, mode from hookledger.sources
     where provider = $1::text
     order by (mode = 'test') desc, created_at, id`,
    [provider],
  );
  return rows;
}
