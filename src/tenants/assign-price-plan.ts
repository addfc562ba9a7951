import { z } from 'zod';
import { catalogue } from '../domain/events.ts';
import type { EventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import { appendCommandEvent, requireTenant, runCommand } from './administrative-command.ts';
import type { CommandDeps } from './administrative-command.ts';
import { UnknownPricePlanError } from './errors.ts';
import { foldPricePlanAssignment } from './fold-price-plan-assignment.ts';
import { parseCommand, word } from './parse-command.ts';

const newAssignment = catalogue.PricePlanAssigned.data.extend({
  planId: word,
  tenantId: word,
  reprice: z.boolean().default(false),
});

/**
 * The plan prices whatever the tenant uses from `validFrom` on, until an assignment that begins later; of two with one
 * beginning the later command holds. What has a price by then keeps it, unless `reprice` is said. Safe to repeat:
 * `assigned` is false when that is how it is already.
 * @throws InvalidCommandError, UnknownTenantError, UnknownPricePlanError.
 */
export async function assignPricePlan(
  deps: CommandDeps,
  command: z.input<typeof newAssignment>,
): Promise<{ assigned: boolean }> {
  const data = parseCommand(newAssignment, command);
  return runCommand(deps, async (tx) => {
    await requireTenant(tx, data.tenantId);
    await requirePlan(tx, data.planId);
    const last = await findPlanAt(tx, data);
    if (last?.planId === data.planId && (last.reprice || !data.reprice)) return { assigned: false };
    const occurredAt = deps.clock.now();
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'PricePlanAssigned',
        stream: { kind: 'tenant-plan', mode: 'live', externalId: data.tenantId },
        occurredAt: occurredAt.toISOString(),
        data,
      },
      data.tenantId,
    );
    await foldPricePlanAssignment(tx, { position, occurredAt, data });
    return { assigned: true };
  });
}

async function requirePlan(tx: Tx, planId: string): Promise<void> {
  const { rowCount } = await tx.query('select from hookledger.price_plans where plan_id = $1::text', [planId]);
  if (rowCount === 0) throw new UnknownPricePlanError(planId);
}

/** The plan that was last assigned from just that time on. */
async function findPlanAt(
  tx: Tx,
  { tenantId, validFrom }: EventData<'PricePlanAssigned'>,
): Promise<Readonly<{ planId: string; reprice: boolean }> | undefined> {
  const { rows } = await tx.query<{ planId: string; reprice: boolean }>(
    `select plan_id as "planId", reprice from hookledger.price_plan_assignments
    where tenant_id = $1::text and valid_from = $2::timestamptz order by position desc limit 1`,
    [tenantId, validFrom],
  );
  return rows[0];
}
