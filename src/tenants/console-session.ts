import type { EntityManager } from '@mikro-orm/postgresql';
import type { Clock } from '../platform/clock.ts';
import { ConsoleSessionEntity } from './entities.ts';
import { newToken } from './new-id.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { principal } from './principal.ts';
import type { Principal, Role } from './principal.ts';
import { tokenHash } from './token-hash.ts';

/** `token` is what the browser's cookie holds; only its hash is kept. */
export type ConsoleSession = Readonly<{ token: string; principal: Principal; expiresAt: Date }>;

const SESSION_LIFETIME_MS = 12 * 60 * 60 * 1_000;

/** In the caller's transaction. Sessions that are over go with it, so that the table stays small. */
export async function startConsoleSession(
  em: EntityManager,
  granted: Readonly<{ role: Role; tenantId?: string | null | undefined }>,
  now: Date,
): Promise<ConsoleSession> {
  const token = newToken();
  const hash = tokenHash(token);
  const expiresAt = new Date(now.getTime() + SESSION_LIFETIME_MS);
  await em.nativeDelete(ConsoleSessionEntity, { expiresAt: { $lte: now } });
  await em.insert(ConsoleSessionEntity, {
    tokenHash: hash,
    role: granted.role,
    tenantId: granted.tenantId ?? null,
    expiresAt,
  });
  return { token, principal: principal(sessionId(hash), granted.role, granted.tenantId), expiresAt };
}

/** Who a session's token stands for; undefined when it is unknown, ended or more than 12 hours old. */
export async function findConsoleSession(
  { orm, clock }: { orm: Orm; clock: Clock },
  token: string,
): Promise<Principal | undefined> {
  const hash = tokenHash(token);
  const found = await administer(orm, (em) =>
    em.findOne(ConsoleSessionEntity, { tokenHash: hash, expiresAt: { $gt: clock.now() } }),
  );
  return found === null ? undefined : principal(sessionId(hash), found.role, found.tenantId);
}

/** Names a session in what it decided. It is the beginning of what the table keeps, and opens nothing. */
function sessionId(hash: Buffer): string {
  return `session_${hash.toString('hex').slice(0, 16)}`;
}

/** Signs out. Safe to repeat. */
export async function endConsoleSession({ orm }: { orm: Orm }, token: string): Promise<void> {
  await administer(orm, (em) => em.nativeDelete(ConsoleSessionEntity, { tokenHash: tokenHash(token) }));
}
