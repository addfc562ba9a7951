import { UNASSIGNED } from '../domain/envelope.ts';
import type { Tx } from '../platform/postgres.ts';
import { mappedTenant } from '../tenants/mapped-tenant.ts';
import { readAccountMappings } from '../tenants/read-account-mappings.ts';
import type { Source } from '../tenants/source.ts';
import type { EventAccounts, Normalised } from './provider.ts';

/** The tenant of each event by the account mappings of now, in their order; a stream that exists keeps its own. */
export async function eventTenants(
  tx: Tx,
  { events, eventAccounts, accountIds, startedAt }: Normalised,
  { provider, account, defaultTenantId }: Source,
  receivedAt: Date,
): Promise<readonly string[]> {
  const own: EventAccounts = { accountIds, ...(startedAt === undefined ? {} : { startedAt }) };
  const asked = eventAccounts ?? events.map(() => own);
  const mappings = await readAccountMappings(
    tx,
    asked.map((each) => ({ provider, account, externalIds: each.accountIds })),
  );
  return asked.map(
    (each, index) =>
      mappedTenant(mappings[index] ?? [], each.accountIds, each.startedAt ?? receivedAt) ??
      defaultTenantId ??
      UNASSIGNED,
  );
}
