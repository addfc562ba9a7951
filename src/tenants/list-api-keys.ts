import { ApiKeyEntity } from './entities.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { principal } from './principal.ts';
import type { Principal } from './principal.ts';

export type ListedApiKey = Principal & Readonly<{ createdAt: Date; revokedAt?: Date }>;

/** Oldest first, the revoked ones too. */
export async function listApiKeys({ orm }: { orm: Orm }): Promise<readonly ListedApiKey[]> {
  const keys = await administer(orm, (em) => em.find(ApiKeyEntity, {}, { orderBy: { createdAt: 'asc', id: 'asc' } }));
  return keys.map(({ id, role, tenantId, createdAt, revokedAt }) => ({
    ...principal(id, role, tenantId),
    createdAt,
    ...(revokedAt instanceof Date ? { revokedAt } : {}),
  }));
}
