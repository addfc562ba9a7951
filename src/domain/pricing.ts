import { z } from 'zod';
import { addDecimals, formatDecimal, multiplyDecimals, parseDecimal, shiftDecimal, ZERO } from './decimal.ts';
import type { Money } from './currency.ts';

/** Our own prices take at most 12 decimals; what providers charge is never limited. */
const price = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,12})?$/, 'a decimal string with at most 12 decimals, such as "0.0025"');

export const pricePlanComponent = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('flat'), amount: price })
    .describe('A fee for each calendar month (UTC), charged in full at its start.'),
  z.strictObject({ kind: z.literal('per_unit'), meter: z.string().min(1), unitPrice: price }),
  z
    .strictObject({
      kind: z.literal('markup'),
      provider: z.string().min(1).optional().describe('Only costs of this provider; all when left out.'),
      percent: z.string().regex(/^\d{1,6}(\.\d{1,6})?$/, 'a percentage, such as "25"'),
    })
    .describe("The provider's cost passed through plus a percentage, in the currency of the cost."),
]);
export type PricePlanComponent = z.infer<typeof pricePlanComponent>;

export type PricePlan = Readonly<{ planId: string; currency: string; components: readonly PricePlanComponent[] }>;

export type Priceable = Readonly<{
  kind: 'usage' | 'cost';
  provider: string;
  meter: string;
  quantity?: string;
  cost?: Money;
}>;

/**
 * What the plan charges for one fact, exact and unrounded; undefined when no component speaks of it.
 * A flat component prices no single fact: see `flatFees` in finance.
 */
export function rate(plan: PricePlan, fact: Priceable): Money | undefined {
  const charges = plan.components.map((component) => charge(component, fact)).filter((amount) => amount !== undefined);
  if (charges.length === 0) return undefined;
  const currency = fact.kind === 'cost' ? fact.cost?.currency : plan.currency;
  if (currency === undefined) return undefined;
  return { amount: formatDecimal(charges.reduce(addDecimals, ZERO)), currency };
}

function charge(component: PricePlanComponent, fact: Priceable) {
  switch (component.kind) {
    case 'flat':
      return undefined;
    case 'per_unit':
      if (fact.kind !== 'usage' || fact.meter !== component.meter || fact.quantity === undefined) return undefined;
      return multiplyDecimals(parseDecimal(fact.quantity), parseDecimal(component.unitPrice));
    case 'markup':
      if (fact.kind !== 'cost' || fact.cost === undefined) return undefined;
      if (component.provider !== undefined && component.provider !== fact.provider) return undefined;
      return multiplyDecimals(
        parseDecimal(fact.cost.amount),
        addDecimals(parseDecimal('1'), shiftDecimal(parseDecimal(component.percent), -2)),
      );
  }
}
