import type { z } from 'zod';
import { UNASSIGNED } from '../../domain/envelope.ts';
import { catalogue } from '../../domain/events.ts';
import { appendCommandEvent, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { parseCommand, word } from '../../tenants/parse-command.ts';
import { foldProviderCostVoid } from './fold-provider-costs.ts';
import { UnknownProviderCostError } from './provider-cost-errors.ts';
import { readProviderCosts } from './read-provider-costs.ts';

const newVoid = catalogue.ProviderCostVoided.data.extend({ costId: word, reason: word, by: word });

/**
 * Takes back a cost that was entered by mistake: from there on it counts nothing, and figures as of before keep it. Safe
 * to repeat: `voided` is false when it was voided before, whatever the reason was.
 * @throws InvalidCommandError, UnknownProviderCostError.
 */
export async function voidProviderCost(
  deps: CommandDeps,
  command: z.input<typeof newVoid>,
): Promise<{ voided: boolean }> {
  const data = parseCommand(newVoid, command);
  return runCommand(deps, async (tx) => {
    const [cost] = await readProviderCosts(tx, { costIds: [data.costId], withVoided: true });
    if (cost === undefined) throw new UnknownProviderCostError(data.costId);
    if (cost.voidPosition !== null) return { voided: false };
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'ProviderCostVoided',
        stream: { kind: 'provider-cost', mode: 'live', externalId: data.costId },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      UNASSIGNED,
    );
    await foldProviderCostVoid(tx, { position, data });
    return { voided: true };
  });
}
