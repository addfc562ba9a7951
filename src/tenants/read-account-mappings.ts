import type { Tx } from '../platform/postgres.ts';
import type { AccountMapping } from './mapped-tenant.ts';

export type AccountIds = Readonly<{ provider: string; account: string; externalIds: readonly string[] }>;

type MappingRow = Readonly<{
  asked: number;
  external_id: string;
  tenant_id: string;
  valid_from_ms: number;
  valid_to_ms: number;
}>;

/** Every mapping of every id, at whatever time, for each of `asked` in its order: one statement for all of them. */
export async function readAccountMappings(
  tx: Tx,
  asked: readonly AccountIds[],
): Promise<readonly (readonly AccountMapping[])[]> {
  const ids = asked.flatMap(({ provider, account, externalIds }, index) =>
    externalIds.map((externalId) => ({ index, provider, account, externalId })),
  );
  const { rows } = await tx.query<MappingRow>({
    name: 'read-account-mappings',
    text: `
      select a.asked, m.external_id, m.tenant_id,
        (extract(epoch from m.valid_from) * 1000)::float8 as valid_from_ms,
        (extract(epoch from m.valid_to) * 1000)::float8 as valid_to_ms
      from unnest($1::integer[], $2::text[], $3::text[], $4::text[]) a (asked, provider, account, external_id)
      join hookledger.account_mappings m
        on m.provider = a.provider and m.account = a.account and m.external_id = a.external_id`,
    values: [
      ids.map(({ index }) => index),
      ids.map(({ provider }) => provider),
      ids.map(({ account }) => account),
      ids.map(({ externalId }) => externalId),
    ],
  });
  const found: AccountMapping[][] = asked.map(() => []);
  for (const row of rows) {
    found[row.asked]?.push({
      externalId: row.external_id,
      tenantId: row.tenant_id,
      validFromMs: row.valid_from_ms,
      validToMs: row.valid_to_ms,
    });
  }
  return found;
}
