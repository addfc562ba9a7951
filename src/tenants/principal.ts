export const ROLES = ['finance', 'engineer', 'ops', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks: a role, over everything or over one tenant. */
export type Principal = Readonly<{ role: Role; tenantId?: string }>;

export function principal(role: Role, tenantId: string | null | undefined): Principal {
  return tenantId === null || tenantId === undefined ? { role } : { role, tenantId };
}
