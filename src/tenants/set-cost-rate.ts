import { z } from 'zod';
import { UNASSIGNED } from '../domain/envelope.ts';
import { catalogue } from '../domain/events.ts';
import type { EventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import { appendCommandEvent, runCommand } from './administrative-command.ts';
import type { CommandDeps } from './administrative-command.ts';
import { foldCostRate } from './fold-cost-rate.ts';
import { parseCommand, word } from './parse-command.ts';

const newRate = catalogue.CostRateSet.data
  .extend({
    provider: word,
    account: word.optional(),
    meter: word,
    unit: word.optional(),
    direction: word.optional(),
    channel: word.optional(),
    reprice: z.boolean().default(false),
  })
  .refine(({ validFrom, validTo }) => validTo === undefined || Date.parse(validFrom) < Date.parse(validTo), {
    path: ['validTo'],
    error: 'must be after validFrom',
  });

/**
 * Sets what a provider charges us for a unit of a meter. Set again with the same filters and beginning it replaces that
 * rate, its end included; with a later beginning it takes over from then on. Usage that has neither a cost of the
 * provider's own nor an estimate is estimated by it; with `reprice`, what has an estimate too. Safe to repeat: `set` is false when just this rate is the one that holds.
 * @throws InvalidCommandError.
 */
export async function setCostRate(deps: CommandDeps, command: z.input<typeof newRate>): Promise<{ set: boolean }> {
  const data = parseCommand(newRate, command);
  return runCommand(deps, async (tx) => {
    if (await isThere(tx, data)) return { set: false };
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'CostRateSet',
        stream: { kind: 'cost-rate', mode: 'live', externalId: identityOf(data) },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      // Of the platform: what we pay is nothing that a tenant may see.
      UNASSIGNED,
    );
    await foldCostRate(tx, { position, data });
    return { set: true };
  });
}

function identityOf({ provider, account, meter, unit, direction, channel }: EventData<'CostRateSet'>): string {
  return [provider, account, meter, unit, direction, channel].map((part) => encodeURIComponent(part ?? '')).join('/');
}

/** Whether the rate that was last set with these filters and this beginning says just the same. */
async function isThere(tx: Tx, data: EventData<'CostRateSet'>): Promise<boolean> {
  const { rows } = await tx.query<{ isSame: boolean }>(
    `select currency = $8::text and unit_cost = $9::numeric and valid_to is not distinct from $10::timestamptz
      and (reprice or not $11::boolean) as "isSame"
    from hookledger.cost_rates
    where provider = $1::text and meter = $2::text and account is not distinct from $3::text
      and unit is not distinct from $4::text and direction is not distinct from $5::text
      and channel is not distinct from $6::text and valid_from = $7::timestamptz
    order by position desc limit 1`,
    [
      data.provider,
      data.meter,
      data.account ?? null,
      data.unit ?? null,
      data.direction ?? null,
      data.channel ?? null,
      data.validFrom,
      data.currency,
      data.unitCost,
      data.validTo ?? null,
      data.reprice,
    ],
  );
  return rows[0]?.isSame === true;
}
