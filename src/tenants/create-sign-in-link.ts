import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import { SignInLinkEntity } from './entities.ts';
import { newToken } from './new-id.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { parseCommand, word } from './parse-command.ts';
import { ROLES } from './principal.ts';
import { tokenHash } from './token-hash.ts';

const newSignInLink = z.strictObject({ role: z.enum(ROLES), tenantId: word.optional() });

const LINK_LIFETIME_MS = 15 * 60 * 1_000;

/** `token` signs one browser in, once, within 15 minutes; see `consumeSignInLink`. @throws InvalidCommandError. */
export async function createSignInLink(
  { orm, clock }: { orm: Orm; clock: Clock },
  command: z.input<typeof newSignInLink>,
): Promise<{ token: string; expiresAt: Date }> {
  const { role, tenantId } = parseCommand(newSignInLink, command);
  const token = newToken();
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + LINK_LIFETIME_MS);
  await administer(orm, async (em) => {
    await em.nativeDelete(SignInLinkEntity, { expiresAt: { $lte: now } });
    await em.insert(SignInLinkEntity, { tokenHash: tokenHash(token), role, tenantId, expiresAt });
  });
  return { token, expiresAt };
}
