import type { Tx } from '../../platform/postgres.ts';

export type ListedMapping = Readonly<{
  provider: string;
  account: string;
  externalId: string;
  tenantId: string;
  /** ISO 8601; null: since ever. */
  validFrom: string | null;
  /** ISO 8601; null: for ever. */
  validTo: string | null;
  position: string;
}>;

/** By provider, account and external id. */
export async function listMappings(
  tx: Tx,
  { tenantId, limit }: { tenantId: string | undefined; limit: number },
): Promise<readonly ListedMapping[]> {
  const { rows } = await tx.query<ListedMapping>(
    `select provider, account, external_id as "externalId", tenant_id as "tenantId", position,
       case when isfinite(valid_from) then to_json(valid_from) #>> '{}' end as "validFrom",
       case when isfinite(valid_to) then to_json(valid_to) #>> '{}' end as "validTo"
     from hookledger.account_mappings
     where $1::text is null or tenant_id = $1::text
     order by provider, account, external_id, valid_from
     limit $2::integer`,
    [tenantId ?? null, limit],
  );
  return rows;
}
