import type { Tx } from '../platform/postgres.ts';

/** More than anyone reads in a list; whoever has more filters by the address. */
const MOST = 500;

/** The tenants that the transaction's reader may see, by name. */
export async function listTenantChoices(tx: Tx): Promise<readonly Readonly<{ id: string; name: string }>[]> {
  const { rows } = await tx.query<{ id: string; name: string }>(
    'select id, name from hookledger.tenants order by name, id limit $1::integer',
    [MOST],
  );
  return rows;
}
