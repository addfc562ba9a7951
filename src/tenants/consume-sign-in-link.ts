import type { Clock } from '../platform/clock.ts';
import { SignInLinkEntity } from './entities.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { startConsoleSession } from './console-session.ts';
import type { ConsoleSession } from './console-session.ts';
import { tokenHash } from './token-hash.ts';

/**
 * Turns a sign-in link into a session of the console; undefined when the link is unknown, used or too old. Of two at
 * once only one gets a session.
 */
export async function consumeSignInLink(
  { orm, clock }: { orm: Orm; clock: Clock },
  token: string,
): Promise<ConsoleSession | undefined> {
  const now = clock.now();
  const link = { tokenHash: tokenHash(token) };
  return administer(orm, async (em) => {
    const consumed = await em.nativeUpdate(
      SignInLinkEntity,
      { ...link, usedAt: null, expiresAt: { $gt: now } },
      { usedAt: now },
    );
    if (consumed === 0) return undefined;
    return startConsoleSession(em, await em.findOneOrFail(SignInLinkEntity, link), now);
  });
}
