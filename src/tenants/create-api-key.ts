import { z } from 'zod';
import { ApiKeyEntity } from './entities.ts';
import { UnknownTenantError } from './errors.ts';
import { newId, newToken } from './new-id.ts';
import { onViolation } from './on-violation.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { parseCommand, word } from './parse-command.ts';
import { ROLES } from './principal.ts';
import { tokenHash } from './token-hash.ts';

const newApiKey = z.strictObject({ role: z.enum(ROLES), tenantId: word.optional() });

/**
 * `key` is told this once; only its hash is kept. `id` names it when it is revoked.
 * @throws InvalidCommandError, UnknownTenantError.
 */
export async function createApiKey(
  { orm }: { orm: Orm },
  command: z.input<typeof newApiKey>,
): Promise<{ id: string; key: string }> {
  const { role, tenantId } = parseCommand(newApiKey, command);
  const id = newId('key');
  const key = `hl_${role}_${newToken()}`;
  await administer(orm, (em) => em.insert(ApiKeyEntity, { id, keyHash: tokenHash(key), role, tenantId })).catch(
    onViolation({ api_keys_tenant_fkey: () => new UnknownTenantError(tenantId ?? '') }),
  );
  return { id, key };
}
