import { TenantEntity } from './entities.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';

export type Tenant = Readonly<{ id: string; name: string; createdAt: Date }>;

/** By name; the pseudo-tenant `unassigned` is among them. */
export async function listTenants({ orm }: { orm: Orm }): Promise<readonly Tenant[]> {
  const tenants = await administer(orm, (em) => em.find(TenantEntity, {}, { orderBy: { name: 'asc' } }));
  return tenants.map(({ id, name, createdAt }) => ({ id, name, createdAt }));
}
