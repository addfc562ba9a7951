import type { Money } from './currency.ts';
import { addDecimals, formatDecimal, multiplyDecimals, parseDecimal, shiftDecimal, ZERO } from './decimal.ts';
import type { PricePlan, PricePlanComponent } from './pricing.ts';

export type Priceable = Readonly<{
  kind: 'usage' | 'cost';
  provider: string;
  meter: string;
  direction?: string | null;
  channel?: string | null;
  quantity?: string;
  cost?: Money;
}>;

/**
 * The price of one fact: an amount of its own, exact and unrounded, or a part of what its month is charged, which only
 * the month's quantity tells (see rate-aggregate.ts). `componentNo` is the index of the component in its plan.
 */
export type Rating = Readonly<
  { by: 'fact'; componentNo: number; amount: Money } | { by: 'aggregate'; componentNo: number }
>;

/**
 * What the plan charges for one fact; undefined when no component speaks of it. A fee and a minimum are of no single fact:
 * see `readFlatFees` in finance, and `topUp`.
 */
export function rate(plan: PricePlan, fact: Priceable): Rating | undefined {
  const speaking = plan.components.flatMap((component, componentNo) => {
    const weight = weightOf(component, fact);
    return weight === undefined ? [] : [{ component, componentNo, weight }];
  });
  const most = Math.max(...speaking.map(({ weight }) => weight));
  // Several only where a plan of before prices one thing twice: they charge together, as they did.
  const [first, ...others] = speaking.filter(({ weight }) => weight === most);
  if (first === undefined) return undefined;
  const charges = [first, ...others].map(({ component }) => charge(component, fact)).filter((one) => one !== undefined);
  if (charges.length === 0) return { by: 'aggregate', componentNo: first.componentNo };
  const currency = fact.cost?.currency ?? plan.currency;
  const amount = formatDecimal(charges.reduce(addDecimals, ZERO));
  return { by: 'fact', componentNo: first.componentNo, amount: { amount, currency } };
}

/**
 * Whether the plan decides what is charged for the fact, so that no later plan may unless it is told to: of a usage, if a
 * component speaks of it; of a cost always, since a plan without a markup does not pass it on.
 */
export function decides(plan: PricePlan, fact: Priceable): boolean {
  return fact.kind === 'cost' || plan.components.some((component) => weightOf(component, fact) !== undefined);
}

/** How much a component says of a fact that it speaks of; undefined where it does not. Never equal for two of one plan. */
function weightOf(component: PricePlanComponent, fact: Priceable): number | undefined {
  switch (component.kind) {
    case 'flat':
    case 'recurring':
    case 'minimum':
      return undefined;
    case 'markup':
      if (fact.kind !== 'cost' || fact.cost === undefined) return undefined;
      return component.provider === undefined ? 0 : component.provider === fact.provider ? 1 : undefined;
    default: {
      if (fact.kind !== 'usage' || fact.meter !== component.meter || fact.quantity === undefined) return undefined;
      const named = (['provider', 'direction', 'channel'] as const).filter((name) => component[name] !== undefined);
      if (!named.every((name) => component[name] === fact[name])) return undefined;
      return named.reduce((weight, name) => weight + DIMENSION_WEIGHTS[name], 0);
    }
  }
}

/** Two of them outweigh any one, and of equally many the earlier ones the later. */
const DIMENSION_WEIGHTS = { provider: 7, direction: 6, channel: 5 } as const;

/** What one fact is charged by a component that speaks of it; undefined where only its month is. */
function charge(component: PricePlanComponent, fact: Priceable) {
  switch (component.kind) {
    case 'per_unit':
      return multiplyDecimals(parseDecimal(fact.quantity ?? '0'), parseDecimal(component.unitPrice));
    case 'markup':
      return multiplyDecimals(
        parseDecimal(fact.cost?.amount ?? '0'),
        addDecimals(parseDecimal('1'), shiftDecimal(parseDecimal(component.percent), -2)),
      );
    default:
      return undefined;
  }
}
