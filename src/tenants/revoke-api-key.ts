import type { Clock } from '../platform/clock.ts';
import { ApiKeyEntity } from './entities.ts';
import { UnknownApiKeyError } from './errors.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';

/** The key opens nothing any more, everywhere within a second. Safe to repeat. @throws UnknownApiKeyError. */
export async function revokeApiKey({ orm, clock }: { orm: Orm; clock: Clock }, { id }: { id: string }): Promise<void> {
  await administer(orm, async (em) => {
    const key = await em.findOne(ApiKeyEntity, { id });
    if (key === null) throw new UnknownApiKeyError(id);
    key.revokedAt ??= clock.now();
  });
}
