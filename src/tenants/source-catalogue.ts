import type { Clock } from '../platform/clock.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Pool } from '../platform/postgres.ts';
import { createBriefCache } from './brief-cache.ts';
import { readSource } from './read-source.ts';
import { openSecret } from './secret-box.ts';
import type { Source } from './source.ts';

export type SourceCatalogue = Readonly<{
  /** @throws SecretUnreadableError when the master key does not open the source's secrets; what pg throws. */
  find(id: string): Promise<Source | undefined>;
}>;

/** Whatever else stands in the path of a request costs no look-up. */
const idPattern = /^[\w-]{1,64}$/;
const MAX_CACHED = 10_000;

/**
 * Finds the source of every webhook. Look-ups of one id at once share one query. A new source is found at once, a
 * changed one within a second.
 */
export function createSourceCatalogue(deps: { pool: Pool; masterKey: Buffer; clock: Clock }): SourceCatalogue {
  const { pool, masterKey, clock } = deps;
  const cache = createBriefCache<Source>({ clock, maxEntries: MAX_CACHED });
  const underWay = new Map<string, Promise<Source | undefined>>();

  function read(id: string): Promise<Source | undefined> {
    const reading = readAndOpen(id).finally(() => underWay.delete(id));
    underWay.set(id, reading);
    return reading;
  }

  async function readAndOpen(id: string): Promise<Source | undefined> {
    const readAt = clock.now();
    const sealed = await withTransaction(pool, { tenant: '*' }, (tx) => readSource(tx, id));
    if (sealed === undefined) return undefined;
    const source = { ...sealed, secrets: sealed.secrets.map((secret) => openSecret(masterKey, secret, id)) };
    cache.set(id, source, readAt);
    return source;
  }

  return {
    async find(id) {
      if (!idPattern.test(id)) return undefined;
      const known = cache.get(id) ?? (await underWay.get(id));
      // A query that was under way may have begun before the source was there; one that begins now has not.
      return known ?? underWay.get(id) ?? read(id);
    },
  };
}
