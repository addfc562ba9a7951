import { LockMode } from '@mikro-orm/postgresql';
import { z } from 'zod';
import { SourceEntity } from './entities.ts';
import { UnknownSourceError } from './errors.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { parseCommand, word } from './parse-command.ts';
import { openSecret, sealSecret } from './secret-box.ts';

const newSecret = z.strictObject({
  sourceId: word,
  secret: word,
  /** False ends every other secret at once: for one that leaked, or that a lost master key sealed. */
  keepPrevious: z.boolean().default(true),
});

/** How many are live at once, so that the provider can change over without one refused webhook. */
const LIVE_SECRETS = 2;

/**
 * Makes `secret` the newest; the one before it stays live, older ones end. It holds within a second. Safe to repeat:
 * the newest secret once more changes nothing.
 * @throws InvalidCommandError, UnknownSourceError, SecretUnreadableError.
 */
export async function rotateSecret(
  { orm, masterKey }: { orm: Orm; masterKey: Buffer },
  command: z.input<typeof newSecret>,
): Promise<void> {
  const { sourceId, secret, keepPrevious } = parseCommand(newSecret, command);
  await administer(orm, async (em) => {
    const source = await em.findOne(SourceEntity, { id: sourceId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (source === null) throw new UnknownSourceError(sourceId);
    const previous = keepPrevious ? source.secrets : [];
    const [newest] = previous;
    if (newest !== undefined && openSecret(masterKey, newest, sourceId) === secret) return;
    source.secrets = [sealSecret(masterKey, secret, sourceId), ...previous].slice(0, LIVE_SECRETS);
  });
}
