import { z } from 'zod';
import type { Money } from './currency.ts';
import { formatDecimal, multiplyDecimals, parseDecimal } from './decimal.ts';

const word = z.string().min(1);
const time = z.iso.datetime({ offset: true });

/**
 * What a provider charges us for one unit of a meter. What is left out does not matter to the rate: of the rates that
 * speak of a usage, the one that says most about it holds.
 */
export const costRate = z.strictObject({
  provider: word,
  account: word.optional(),
  meter: word,
  unit: word.optional(),
  direction: word.optional().describe('As the usage events carry it, such as inbound or outbound.'),
  channel: word.optional().describe('As the usage events carry it, such as phone_call or sms.'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, upper case'),
  /** A provider's own figure: its digits are not limited as those of our prices are. */
  unitCost: z
    .string()
    .max(200)
    .regex(/^\d+(\.\d+)?$/, 'a decimal string, such as "0.00023"'),
  validFrom: time,
  /** No longer in it; for ever when left out. */
  validTo: time.optional(),
});

/** A rate as it was set; `position` is that of the event that set it. Null: does not matter. */
export type KnownCostRate = Readonly<{
  position: bigint;
  provider: string;
  account: string | null;
  meter: string;
  unit: string | null;
  direction: string | null;
  channel: string | null;
  currency: string;
  unitCost: string;
  validFrom: Date;
  validTo: Date | null;
}>;

export type CostedUsage = Readonly<{
  provider: string;
  account: string;
  meter: string;
  unit: string;
  direction: string | null;
  channel: string | null;
  occurredAt: Date;
}>;

const FILTERS = ['account', 'unit', 'direction', 'channel'] as const;

/**
 * The rate that a usage costs by, as the log stood at position `asOf`: of those known then that speak of it and are valid
 * when it occurred, the one with the most filters, of equally many the one that begins last, then the one set last. A
 * rate that was set again, with the same filters and beginning, is no longer there, whatever its end was.
 */
export function effectiveCostRate(
  rates: readonly KnownCostRate[],
  usage: CostedUsage,
  asOf: bigint,
): KnownCostRate | undefined {
  const standing = new Map<string, KnownCostRate>();
  for (const rate of rates) {
    if (rate.position > asOf || !speaksOf(rate, usage)) continue;
    const identity = JSON.stringify([...FILTERS.map((filter) => rate[filter]), rate.validFrom.getTime()]);
    const other = standing.get(identity);
    if (other === undefined || rate.position > other.position) standing.set(identity, rate);
  }
  let best: KnownCostRate | undefined;
  for (const rate of standing.values()) {
    if (isValidAt(rate, usage.occurredAt) && (best === undefined || compareRates(rate, best) > 0)) best = rate;
  }
  return best;
}

/** Exact: nothing is rounded. */
export function estimateCost({ unitCost, currency }: KnownCostRate, quantity: string): Money {
  return { amount: formatDecimal(multiplyDecimals(parseDecimal(quantity), parseDecimal(unitCost))), currency };
}

function speaksOf(rate: KnownCostRate, usage: CostedUsage): boolean {
  if (rate.provider !== usage.provider || rate.meter !== usage.meter) return false;
  return FILTERS.every((filter) => rate[filter] === null || rate[filter] === usage[filter]);
}

function isValidAt({ validFrom, validTo }: KnownCostRate, at: Date): boolean {
  return validFrom <= at && (validTo === null || at < validTo);
}

/** Positive when `a` goes first. Never 0 for two rates. */
function compareRates(a: KnownCostRate, b: KnownCostRate): number {
  const moreFilters = countFilters(a) - countFilters(b);
  if (moreFilters !== 0) return moreFilters;
  const laterMs = a.validFrom.getTime() - b.validFrom.getTime();
  if (laterMs !== 0) return laterMs;
  return a.position > b.position ? 1 : -1;
}

function countFilters(rate: KnownCostRate): number {
  return FILTERS.filter((filter) => rate[filter] !== null).length;
}
