import type { Principal } from '../tenants/principal.ts';

/** `tenant`: what a tenant's role may read; `operations`: the machinery, too; `raw`: bodies and personal data, too. */
export type Sight = 'tenant' | 'operations' | 'raw';

/** Bodies and personal data are for who mends the machinery, and never for a key within one tenant's bounds. */
export function sightOf({ role, tenantId }: Principal): Sight {
  if (tenantId !== undefined) return 'tenant';
  return role === 'engineer' || role === 'admin' ? 'raw' : 'operations';
}
