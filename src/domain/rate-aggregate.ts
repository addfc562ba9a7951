import type { Decimal } from './decimal.ts';
import {
  addDecimals,
  compareDecimals,
  divideDecimals,
  formatDecimal,
  multiplyDecimals,
  negateDecimal,
  parseDecimal,
  subtractDecimals,
  ZERO,
} from './decimal.ts';
import type { AggregateComponent } from './pricing.ts';

/** A part of a month's charge, in decimal strings. What is per unit says so; the fee of a tier has neither of the two. */
export type AggregateLine = Readonly<{
  /** `0–1000`, `over 1000`; of packages their size, `package of 100`. */
  tier: string;
  /** Of units; of packages how many. quantity × unitPrice = exact. */
  quantity: string | null;
  unitPrice: string | null;
  exact: string;
}>;

export type AggregateCharge = Readonly<{ lines: readonly AggregateLine[]; exact: string }>;

/**
 * What a month's quantity of one unit is charged, exact and unrounded. Nothing used is nothing charged, the fee of a first
 * tier included; a quantity below zero is taken off as its opposite would be charged. A tier holds its last quantity
 * (`upTo`) and not its first.
 */
export function rateAggregate(component: AggregateComponent, quantity: string): AggregateCharge {
  const used = parseDecimal(quantity);
  const parts = used.units < 0n ? partsOf(component, negateDecimal(used)).map(opposite) : partsOf(component, used);
  return {
    lines: parts.map(({ tier, count, exact }) => ({
      tier,
      quantity: count === undefined ? null : formatDecimal(count.quantity),
      unitPrice: count === undefined ? null : count.unitPrice,
      exact: formatDecimal(exact),
    })),
    exact: formatDecimal(parts.map(({ exact }) => exact).reduce(addDecimals, ZERO)),
  };
}

/** What a month's usage charges lack of a minimum, exact; `0` where they reach it. Both are in one currency. */
export function topUp(minimum: string, charged: string): string {
  const lacking = subtractDecimals(parseDecimal(minimum), parseDecimal(charged));
  return formatDecimal(lacking.units > 0n ? lacking : ZERO);
}

type Part = Readonly<{
  tier: string;
  /** Undefined for the fee of a tier. */
  count: Readonly<{ quantity: Decimal; unitPrice: string }> | undefined;
  exact: Decimal;
}>;

function opposite({ tier, count, exact }: Part): Part {
  return {
    tier,
    count: count && { ...count, quantity: negateDecimal(count.quantity) },
    exact: negateDecimal(exact),
  };
}

function partsOf(component: AggregateComponent, used: Decimal): readonly Part[] {
  if (used.units === 0n) return [];
  switch (component.kind) {
    case 'graduated':
      return bands(component.tiers).flatMap((band) => partsInBand(band, overlap(band, used)));
    case 'volume':
      return bands(component.tiers)
        .filter((band) => holds(band, used))
        .flatMap((band) => partsInBand(band, used));
    case 'included': {
      const free = { upTo: component.quantity, unitPrice: '0' };
      const rest = { upTo: null, unitPrice: component.unitPrice };
      return bands([free, rest]).flatMap((band) => partsInBand(band, overlap(band, used)));
    }
    case 'package':
      return [priced(`package of ${trimmed(component.size)}`, startedPackages(used, component.size), component.price)];
  }
}

type Tier = Readonly<{ upTo: string | null; unitPrice: string; flatFee?: string | undefined }>;
type Band = Tier & Readonly<{ above: Decimal; end: Decimal | undefined }>;

/** Tiers with where each begins: at the end of the one before it. */
function bands(tiers: readonly Tier[]): readonly Band[] {
  return tiers.map((tier, index) => ({
    ...tier,
    above: parseDecimal(tiers[index - 1]?.upTo ?? '0'),
    end: tier.upTo === null ? undefined : parseDecimal(tier.upTo),
  }));
}

function holds({ above, end }: Band, used: Decimal): boolean {
  return compareDecimals(used, above) > 0 && (end === undefined || compareDecimals(used, end) <= 0);
}

/** How much of a month's quantity is in the tier; zero where it is not reached. */
function overlap({ above, end }: Band, used: Decimal): Decimal {
  const last = end === undefined || compareDecimals(used, end) < 0 ? used : end;
  return compareDecimals(last, above) > 0 ? subtractDecimals(last, above) : ZERO;
}

function partsInBand(band: Band, quantity: Decimal): readonly Part[] {
  if (quantity.units === 0n) return [];
  const tier = labelOf(band);
  const units = priced(tier, quantity, band.unitPrice);
  if (band.flatFee === undefined) return [units];
  return [units, { tier, count: undefined, exact: parseDecimal(band.flatFee) }];
}

function labelOf({ above, end }: Band): string {
  return end === undefined ? `over ${formatDecimal(above)}` : `${formatDecimal(above)}–${formatDecimal(end)}`;
}

function priced(tier: string, quantity: Decimal, unitPrice: string): Part {
  const exact = multiplyDecimals(quantity, parseDecimal(unitPrice));
  return { tier, count: { quantity, unitPrice: trimmed(unitPrice) }, exact };
}

function startedPackages(used: Decimal, size: string): Decimal {
  const each = parseDecimal(size);
  const nearest = divideDecimals(used, each, 0);
  const isEnough = compareDecimals(multiplyDecimals(nearest, each), used) >= 0;
  return isEnough ? nearest : addDecimals(nearest, { units: 1n, scale: 0 });
}

function trimmed(text: string): string {
  return formatDecimal(parseDecimal(text));
}
