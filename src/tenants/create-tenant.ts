import { z } from 'zod';
import { TenantEntity } from './entities.ts';
import { TenantNameTakenError } from './errors.ts';
import { newId } from './new-id.ts';
import { onViolation } from './on-violation.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { parseCommand, word } from './parse-command.ts';

const newTenant = z.strictObject({ name: word });

/** Its lanes are made with it. @throws InvalidCommandError, TenantNameTakenError. */
export async function createTenant({ orm }: { orm: Orm }, command: z.input<typeof newTenant>): Promise<{ id: string }> {
  const { name } = parseCommand(newTenant, command);
  const id = newId('tnt');
  await administer(orm, (em) => em.insert(TenantEntity, { id, name })).catch(
    onViolation({ tenants_name_key: (cause) => new TenantNameTakenError(name, cause) }),
  );
  return { id };
}
