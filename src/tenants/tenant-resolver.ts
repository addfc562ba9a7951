import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../platform/clock.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Pool } from '../platform/postgres.ts';
import { createBriefCache } from './brief-cache.ts';
import { mappedTenant } from './mapped-tenant.ts';
import type { AccountMapping } from './mapped-tenant.ts';
import { readAccountMappings } from './read-account-mappings.ts';
import type { AccountIds } from './read-account-mappings.ts';

export type TenantResolver = Readonly<{
  /** The tenant that the account mappings name for a thing that began at `at`; undefined when they name none. */
  resolve(thing: AccountIds & { at: Date }): Promise<string | undefined>;
}>;

type LookUp = Readonly<{ ids: AccountIds; mappings: PromiseWithResolvers<readonly AccountMapping[]> }>;

const MAX_CACHED = 10_000;
const MAX_BATCH = 500;

/**
 * Looks mappings up on the way of every webhook: what arrives together, or while a look-up is under way, shares one
 * statement. A new mapping holds at once for what had none, a changed one within a second.
 */
export function createTenantResolver({ pool, clock }: { pool: Pool; clock: Clock }): TenantResolver {
  const cache = createBriefCache<readonly AccountMapping[]>({ clock, maxEntries: MAX_CACHED });
  /** Asked for, and not yet under way: a look-up that has begun may have missed what was committed since. */
  let waiting = new Map<string, LookUp>();
  let isReading = false;

  function lookUp(key: string, ids: AccountIds): Promise<readonly AccountMapping[]> {
    let shared = waiting.get(key);
    if (shared === undefined) {
      shared = { ids, mappings: Promise.withResolvers() };
      waiting.set(key, shared);
      if (!isReading) void readWaiting();
    }
    return shared.mappings.promise;
  }

  /** Never throws: whoever waits is told. */
  async function readWaiting(): Promise<void> {
    isReading = true;
    while (waiting.size > 0) {
      // Everything that this turn of the event loop brings in still gets on board.
      await setImmediate();
      const batch = [...waiting].slice(0, MAX_BATCH);
      waiting = new Map([...waiting].slice(MAX_BATCH));
      await readBatch(batch);
    }
    isReading = false;
  }

  async function readBatch(batch: readonly (readonly [string, LookUp])[]): Promise<void> {
    const readAt = clock.now();
    try {
      const ids = batch.map(([, lookUp]) => lookUp.ids);
      const found = await withTransaction(pool, { tenant: '*' }, (tx) => readAccountMappings(tx, ids));
      for (const [index, [key, { mappings }]] of batch.entries()) {
        const mapped = found[index] ?? [];
        if (mapped.length > 0) cache.set(key, mapped, readAt);
        mappings.resolve(mapped);
      }
    } catch (error) {
      for (const [, { mappings }] of batch) mappings.reject(error);
    }
  }

  return {
    async resolve({ provider, account, externalIds, at }) {
      // An id that PostgreSQL could not hold is mapped by nobody, and must not spoil the look-up of its neighbours.
      const ids = { provider, account, externalIds: externalIds.filter(isStorable) };
      if (ids.externalIds.length === 0) return undefined;
      const key = JSON.stringify(ids);
      const cached = mappedTenant(cache.get(key) ?? [], ids.externalIds, at);
      return cached ?? mappedTenant(await lookUp(key, ids), ids.externalIds, at);
    },
  };
}

function isStorable(externalId: string): boolean {
  return externalId.isWellFormed() && !externalId.includes('\0');
}
