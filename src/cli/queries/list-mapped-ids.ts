import type { Tx } from '../../platform/postgres.ts';

/** External ids of an account that belong to a tenant now, the first one that was mapped first. */
export async function listMappedIds(
  tx: Tx,
  { provider, account }: { provider: string; account: string },
): Promise<readonly string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `select external_id as id from hookledger.account_mappings
     where provider = $1::text and account = $2::text and clock_timestamp() >= valid_from and clock_timestamp() < valid_to
     order by position limit 100`,
    [provider, account],
  );
  return rows.map(({ id }) => id);
}
