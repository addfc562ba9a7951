import { z } from 'zod';
import { UNASSIGNED } from '../domain/envelope.ts';
import { catalogue } from '../domain/events.ts';
import type { EventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import { appendCommandEvent, requireTenant, runCommand } from './administrative-command.ts';
import type { CommandDeps } from './administrative-command.ts';
import { MappingConflictError } from './errors.ts';
import { foldAccountMapping } from './fold-account-mapping.ts';
import { parseCommand, word } from './parse-command.ts';

const { validFrom, validTo } = catalogue.AccountMappingAdded.data.shape;
const newMapping = z
  .strictObject({
    provider: word,
    account: word,
    externalId: word,
    tenantId: word,
    validFrom: validFrom.default('-infinity'),
    validTo: validTo.default('infinity'),
  })
  .refine(
    ({ validFrom: from, validTo: to }) =>
      from === '-infinity' || to === 'infinity' || Date.parse(from) < Date.parse(to),
    {
      path: ['validTo'],
      error: 'must be after validFrom',
    },
  );

/**
 * From now on the tenant gets what the provider sends about this external id and began within the validity. Safe to
 * repeat: `added` is false when just this mapping is there already.
 * @throws InvalidCommandError, UnknownTenantError, MappingConflictError.
 */
export async function addAccountMapping(
  deps: CommandDeps,
  command: z.input<typeof newMapping>,
): Promise<{ added: boolean }> {
  const data = parseCommand(newMapping, command);
  return runCommand(deps, async (tx) => {
    await requireTenant(tx, data.tenantId);
    const there = await findMapping(tx, data);
    if (there?.isSame === true) return { added: false };
    if (there !== undefined) throw new MappingConflictError({ ...data, tenantId: there.tenantId });
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'AccountMappingAdded',
        stream: {
          kind: 'account-mapping',
          mode: 'live',
          externalId: `${data.provider}/${data.account}/${data.externalId}`,
        },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      // Of the platform: an external id may move on to another tenant, which is nothing that the first one may see.
      UNASSIGNED,
    );
    await foldAccountMapping(tx, { position, data });
    return { added: true };
  });
}

async function findMapping(
  tx: Tx,
  data: EventData<'AccountMappingAdded'>,
): Promise<{ tenantId: string; isSame: boolean } | undefined> {
  const { rows } = await tx.query<{ tenantId: string; isSame: boolean }>(
    `select tenant_id as "tenantId", tenant_id = $5::text and valid_to = $6::timestamptz as "isSame"
    from hookledger.account_mappings
    where provider = $1::text and account = $2::text and external_id = $3::text and valid_from = $4::timestamptz`,
    [data.provider, data.account, data.externalId, data.validFrom, data.tenantId, data.validTo],
  );
  return rows[0];
}
