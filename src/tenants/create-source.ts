import { z } from 'zod';
import { BOOKS, MODES } from '../domain/stream.ts';
import { SourceEntity } from './entities.ts';
import { SourceExistsError, UnknownTenantError } from './errors.ts';
import { newId } from './new-id.ts';
import { onViolation } from './on-violation.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { parseCommand, word } from './parse-command.ts';
import { sealSecret } from './secret-box.ts';
import { sourceFields } from './source-fields.ts';
import { webhookPath } from './source.ts';

const newSource = z.strictObject({
  provider: word.regex(/^[a-z][a-z0-9-]*$/, 'is a word such as stripe'),
  account: word,
  /** Newest first. None is possible: many providers tell it only once they know the address; all is refused till then. */
  secrets: z.array(word).max(2),
  publicUrl: sourceFields.publicUrl.optional(),
  publicKey: sourceFields.publicKey.optional(),
  settings: sourceFields.settings.default({}),
  mode: z.enum(MODES).default('live'),
  books: z.enum(BOOKS).default('platform'),
  defaultTenantId: word.optional(),
});

/**
 * `path` is where the provider has to send its webhooks. Its secrets are sealed with the master key and never shown.
 * @throws InvalidCommandError, SourceExistsError, UnknownTenantError.
 */
export async function createSource(
  { orm, masterKey }: { orm: Orm; masterKey: Buffer },
  command: z.input<typeof newSource>,
): Promise<{ id: string; path: string }> {
  const source = parseCommand(newSource, command);
  const { provider, defaultTenantId } = source;
  const id = newId('src');
  const secrets = source.secrets.map((secret) => sealSecret(masterKey, secret, id));
  await administer(orm, (em) => em.insert(SourceEntity, { ...source, id, secrets })).catch(
    onViolation({
      sources_account_key: (cause) => new SourceExistsError(source, cause),
      sources_default_tenant_fkey: () => new UnknownTenantError(defaultTenantId ?? ''),
    }),
  );
  return { id, path: webhookPath({ provider, id }) };
}
