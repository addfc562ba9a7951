import type { z } from 'zod';
import { UNASSIGNED } from '../domain/envelope.ts';
import { catalogue } from '../domain/events.ts';
import type { EventData } from '../domain/events.ts';
import { pricePlanComponents } from '../domain/pricing.ts';
import type { Tx } from '../platform/postgres.ts';
import { appendCommandEvent, runCommand } from './administrative-command.ts';
import type { CommandDeps } from './administrative-command.ts';
import { PricePlanImmutableError } from './errors.ts';
import { foldPricePlan } from './fold-price-plan.ts';
import { parseCommand, word } from './parse-command.ts';

const newPlan = catalogue.PricePlanDefined.data.extend({ planId: word, name: word, components: pricePlanComponents });

export type NewPricePlan = z.output<typeof newPlan>;

/** A plan that was written by hand. @throws InvalidCommandError that names each field that is wrong. */
export function parsePricePlan(input: unknown): NewPricePlan {
  return parseCommand(newPlan, input);
}

/**
 * Defines a plan for ever. Safe to repeat: `defined` is false when just this plan is there already.
 * @throws InvalidCommandError, PricePlanImmutableError.
 */
export async function definePricePlan(
  deps: CommandDeps,
  command: z.input<typeof newPlan>,
): Promise<{ defined: boolean }> {
  const data = parseCommand(newPlan, command);
  return runCommand(deps, async (tx) => {
    const there = await findPlan(tx, data);
    if (there?.isSame === true) return { defined: false };
    if (there !== undefined) throw new PricePlanImmutableError(data.planId);
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'PricePlanDefined',
        stream: { kind: 'price-plan', mode: 'live', externalId: data.planId },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      UNASSIGNED,
    );
    await foldPricePlan(tx, { position, data });
    return { defined: true };
  });
}

async function findPlan(tx: Tx, data: EventData<'PricePlanDefined'>): Promise<{ isSame: boolean } | undefined> {
  const { rows } = await tx.query<{ isSame: boolean }>(
    `select name = $2::text and currency = $3::text and components = $4::jsonb as "isSame"
    from hookledger.price_plans where plan_id = $1::text`,
    [data.planId, data.name, data.currency, JSON.stringify(data.components)],
  );
  return rows[0];
}
