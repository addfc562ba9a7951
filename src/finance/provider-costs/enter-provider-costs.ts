import type { z } from 'zod';
import { UNASSIGNED } from '../../domain/envelope.ts';
import type { DomainEvent } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';
import { appendCommandEvents, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { UnknownTenantError } from '../../tenants/errors.ts';
import { parseCommand } from '../../tenants/parse-command.ts';
import { checkRecords } from '../imports/check-records.ts';
import { ImportRefusedError } from '../imports/import-refused-error.ts';
import { readCsv } from '../imports/read-csv.ts';
import { foldProviderCosts } from './fold-provider-costs.ts';
import { COST_COLUMNS, costOfCells, newProviderCost } from './new-provider-cost.ts';
import type { NewProviderCost } from './new-provider-cost.ts';
import { ProviderCostImmutableError } from './provider-cost-errors.ts';
import { readProviderCosts } from './read-provider-costs.ts';
import type { ProviderCost } from './read-provider-costs.ts';

/**
 * Enters a fixed or recurring charge of a provider, which no webhook tells. An entry never changes; one that is wrong is
 * voided. Safe to repeat: `entered` is false when just this cost is there, also when it was voided since.
 * @throws InvalidCommandError, UnknownTenantError, ProviderCostImmutableError.
 */
export async function enterProviderCost(
  deps: CommandDeps,
  command: z.input<typeof newProviderCost>,
): Promise<{ entered: boolean }> {
  const cost = parseCommand(newProviderCost, command);
  const { entered } = await enterCosts(deps, [cost], ([fault]) => fault?.error);
  return { entered: entered === 1 };
}

/**
 * Enters the costs of a CSV file, all of them or none; its columns are those of COST_COLUMNS. Safe to repeat: a cost that
 * is there just so is left alone.
 * @throws ImportRefusedError that names every bad line.
 */
export async function importProviderCosts(
  deps: CommandDeps,
  csv: string,
  by: string,
): Promise<{ entered: number; unchanged: number }> {
  const checked = checkRecords(readCsv(csv, COST_COLUMNS), {
    schema: newProviderCost,
    inputOf: (cells) => costOfCells(cells, by),
    identify: ({ costId }) => costId,
  });
  return enterCosts(
    deps,
    checked.map(({ value }) => value),
    (faults) =>
      new ImportRefusedError(
        faults.map(({ index, error }) => ({ line: checked[index]?.line ?? 0, reason: error.message })),
      ),
  );
}

type Fault = Readonly<{ index: number; error: Error }>;

/** `costs`: each id once. `refuse`: what to throw of faults. */
async function enterCosts(
  deps: CommandDeps,
  costs: readonly NewProviderCost[],
  refuse: (faults: readonly Fault[]) => Error | undefined,
): Promise<{ entered: number; unchanged: number }> {
  return runCommand(deps, async (tx) => {
    const there = await findThere(tx, costs);
    const tenants = await findTenants(tx, costs);
    const faults = costs.flatMap((cost, index): Fault[] => {
      const standing = there.get(cost.costId);
      if (standing !== undefined) {
        return isSame(cost, standing) ? [] : [{ index, error: new ProviderCostImmutableError(cost.costId) }];
      }
      return tenantsOf(cost)
        .filter((tenantId) => !tenants.has(tenantId))
        .map((tenantId) => ({ index, error: new UnknownTenantError(tenantId) }));
    });
    if (faults.length > 0) throw refuse(faults) ?? new Error('A cost was refused without a reason.');
    const fresh = costs.filter(({ costId }) => !there.has(costId));
    const occurredAt = deps.clock.now().toISOString();
    const events = fresh.map((data): DomainEvent => ({
      type: 'ProviderCostEntered',
      stream: { kind: 'provider-cost', mode: 'live', externalId: data.costId },
      occurredAt,
      data,
    }));
    // Of the platform: what we pay is nothing that a tenant may see.
    const positions = await appendCommandEvents(deps, tx, events, UNASSIGNED);
    await foldProviderCosts(tx, { positions, costs: fresh });
    return { entered: fresh.length, unchanged: costs.length - fresh.length };
  });
}

async function findThere(tx: Tx, costs: readonly NewProviderCost[]): Promise<ReadonlyMap<string, ProviderCost>> {
  const there = await readProviderCosts(tx, { costIds: costs.map(({ costId }) => costId), withVoided: true });
  return new Map(there.map((cost) => [cost.costId, cost]));
}

/** Who entered it does not matter. */
function isSame(cost: NewProviderCost, there: ProviderCost): boolean {
  const content = [
    there.provider,
    there.account,
    there.category,
    there.component,
    there.description,
    there.amount,
    there.currency,
    there.periodFrom.toISOString(),
    there.periodTo.toISOString(),
    there.allocation,
    there.reference,
  ];
  const given = [
    cost.provider,
    cost.account ?? null,
    cost.category,
    cost.component,
    cost.description ?? null,
    cost.amount,
    cost.currency,
    cost.periodFrom,
    cost.periodTo,
    cost.allocation,
    cost.reference ?? null,
  ];
  return JSON.stringify(content) === JSON.stringify(given);
}

function tenantsOf({ allocation }: NewProviderCost): readonly string[] {
  switch (allocation.key) {
    case 'direct':
      return [allocation.tenantId];
    case 'seats':
      return allocation.seats.map(({ tenantId }) => tenantId);
    case 'equal':
    case 'usage':
      return [];
  }
}

async function findTenants(tx: Tx, costs: readonly NewProviderCost[]): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ id: string }>('select id from hookledger.tenants where id = any ($1::text[])', [
    costs.flatMap(tenantsOf),
  ]);
  return new Set(rows.map(({ id }) => id));
}
