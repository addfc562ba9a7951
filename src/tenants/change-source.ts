import { isDeepStrictEqual } from 'node:util';
import { LockMode } from '@mikro-orm/postgresql';
import { z } from 'zod';
import { SourceEntity } from './entities.ts';
import { InvalidCommandError, UnknownSourceError, UnknownTenantError } from './errors.ts';
import { onViolation } from './on-violation.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { parseCommand, word } from './parse-command.ts';
import { sourceFields } from './source-fields.ts';

/** What is left out stays as it is; null takes away what was there. */
const changedSource = z.strictObject({
  sourceId: word,
  publicUrl: sourceFields.publicUrl.nullish(),
  publicKey: sourceFields.publicKey.nullish(),
  /** Replaces the settings whole. */
  settings: sourceFields.settings.optional(),
  defaultTenantId: word.nullish(),
});

const CHANGEABLE = ['publicUrl', 'publicKey', 'settings', 'defaultTenantId'] as const;

/** Null: none. None of these is a secret. */
export type SourceChange = Readonly<{ field: (typeof CHANGEABLE)[number]; before: unknown; after: unknown }>;

/**
 * Changes what a source was made with, but for what its webhooks are known by, and answers what is otherwise than before.
 * It holds within a second. Safe to repeat: the same once more changes nothing and answers an empty list.
 * `checkSettings`: says what is wrong with the settings of a source of that provider; undefined when they hold.
 * @throws InvalidCommandError, UnknownSourceError, UnknownTenantError; nothing is changed then.
 */
export async function changeSource(
  deps: {
    orm: Orm;
    checkSettings: (provider: string, settings: Readonly<Record<string, unknown>>) => string | undefined;
  },
  command: z.input<typeof changedSource>,
): Promise<readonly SourceChange[]> {
  const { sourceId, ...wanted } = parseCommand(changedSource, command);
  const change = administer(deps.orm, async (em) => {
    const source = await em.findOne(SourceEntity, { id: sourceId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (source === null) throw new UnknownSourceError(sourceId);
    const fault = wanted.settings && deps.checkSettings(source.provider, wanted.settings);
    if (fault !== undefined) throw new InvalidCommandError(fault);
    const changes = CHANGEABLE.flatMap((field): readonly SourceChange[] => {
      const before = source[field] ?? null;
      const after = wanted[field];
      return after === undefined || isDeepStrictEqual(before, after) ? [] : [{ field, before, after }];
    });
    em.assign(source, Object.fromEntries(changes.map(({ field, after }) => [field, after])));
    return changes;
  });
  return change.catch(
    onViolation({ sources_default_tenant_fkey: () => new UnknownTenantError(wanted.defaultTenantId ?? '') }),
  );
}
