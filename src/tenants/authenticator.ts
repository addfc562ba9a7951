import type { Clock } from '../platform/clock.ts';
import { createBriefCache } from './brief-cache.ts';
import { ApiKeyEntity } from './entities.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { principal } from './principal.ts';
import type { Principal } from './principal.ts';
import { tokenHash } from './token-hash.ts';

/** Anything else is no key of ours and costs no look-up. */
const keyPattern = /^hl_[a-z]+_[0-9a-z]{26}$/;
const MAX_CACHED_KEYS = 1_000;

/** Who a key stands for; undefined when it is unknown or revoked. A change holds within a second. */
export function createAuthenticator({ orm, clock }: { orm: Orm; clock: Clock }) {
  const cache = createBriefCache<Principal>({ clock, maxEntries: MAX_CACHED_KEYS });

  return async function authenticate(key: string): Promise<Principal | undefined> {
    if (!keyPattern.test(key)) return undefined;
    const keyHash = tokenHash(key);
    const cacheKey = keyHash.toString('base64');
    const cached = cache.get(cacheKey);
    if (cached !== undefined) return cached;
    const readAt = clock.now();
    const found = await administer(orm, (em) => em.findOne(ApiKeyEntity, { keyHash, revokedAt: null }));
    if (found === null) return undefined;
    const asked = principal(found.id, found.role, found.tenantId);
    cache.set(cacheKey, asked, readAt);
    return asked;
  };
}
