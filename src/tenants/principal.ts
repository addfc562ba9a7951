export const ROLES = ['finance', 'engineer', 'ops', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks: a key or a session of the console, which `id` names, with a role over everything or over one tenant. */
export type Principal = Readonly<{ id: string; role: Role; tenantId?: string }>;

export function principal(id: string, role: Role, tenantId: string | null | undefined): Principal {
  return tenantId === null || tenantId === undefined ? { id, role } : { id, role, tenantId };
}
