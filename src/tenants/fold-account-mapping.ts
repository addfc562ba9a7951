import type { EventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';

/** Folds one `AccountMappingAdded` into its table: of two with one beginning the later event holds. Safe to repeat. */
export async function foldAccountMapping(
  tx: Tx,
  { position, data }: { position: bigint; data: EventData<'AccountMappingAdded'> },
): Promise<void> {
  await tx.query(
    `insert into hookledger.account_mappings as m
      (provider, account, external_id, tenant_id, valid_from, valid_to, position)
    values ($1::text, $2::text, $3::text, $4::text, $5::timestamptz, $6::timestamptz, $7::bigint)
    on conflict on constraint account_mappings_pkey do update
    set tenant_id = excluded.tenant_id, valid_to = excluded.valid_to, position = excluded.position
    where m.position < excluded.position`,
    [data.provider, data.account, data.externalId, data.tenantId, data.validFrom, data.validTo, position.toString()],
  );
}
