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
  /** Also what has an estimate already: without it, that keeps its estimate. */
  reprice: z.boolean(),
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
  reprice: boolean;
}>;

export type CostedUsage = Readonly<{
  provider: string;
  account: string;
  meter: string;
  unit: string;
  direction: string | null;
  channel: string | null;
  occurredAt: Date;
  /** Of its first report. */
  firstPosition: bigint;
}>;

const FILTERS = ['account', 'unit', 'direction', 'channel'] as const;

/**
 * The rate that a usage costs by, as the log stood at position `asOf`. In force is, of the rates known that speak of it
 * and are valid when it occurred, the one with the most filters, of equally many the one that begins last, then the one set
 * last. A rate that was set again, with the same filters and beginning, is no longer there, whatever its end was.
 *
 * The rate in force when the usage was first reported holds. What comes into force later takes over where none held yet, or
 * if it says `reprice`. It depends on nothing but the rates and the usage: not on the order of the list.
 */
export function effectiveCostRate(
  rates: readonly KnownCostRate[],
  usage: CostedUsage,
  asOf: bigint,
): KnownCostRate | undefined {
  const known = rates
    .filter((rate) => rate.position <= asOf && speaksOf(rate, usage))
    .toSorted((a, b) => (a.position < b.position ? -1 : 1));
  const later = known.filter(({ position }) => position > usage.firstPosition);
  const first = known.slice(0, known.length - later.length);

  const standing = new Map(first.map((rate) => [identityOf(rate), rate]));
  let inForce = bestAt([...standing.values()], usage.occurredAt);
  let holding = inForce;
  for (const rate of later) {
    standing.set(identityOf(rate), rate);
    const before = inForce;
    inForce = bestAt([...standing.values()], usage.occurredAt);
    if (holding === undefined || (rate.reprice && inForce !== before)) holding = inForce;
  }
  return holding;
}

function bestAt(rates: readonly KnownCostRate[], at: Date): KnownCostRate | undefined {
  let best: KnownCostRate | undefined;
  for (const rate of rates) {
    if (isValidAt(rate, at) && (best === undefined || compareRates(rate, best) > 0)) best = rate;
  }
  return best;
}

function identityOf(rate: KnownCostRate): string {
  return JSON.stringify([...FILTERS.map((filter) => rate[filter]), rate.validFrom.getTime()]);
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
