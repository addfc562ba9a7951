import type { Money } from '../../domain/currency.ts';
import { addDecimals, formatDecimal, parseDecimal } from '../../domain/decimal.ts';
import type { Tx } from '../../platform/postgres.ts';
import { readTimeOf } from '../as-of.ts';
import type { AsOf } from '../as-of.ts';
import { currency } from '../query-parameters.ts';
import type { Range } from '../time-range.ts';
import { convertAmount, findFxRates, isMissing } from './find-fx-rates.ts';
import type { FxAnswer, FxMissing } from './find-fx-rates.ts';

/** The parameter of a report that also says its figures in one currency. */
export const reportingCurrency = currency
  .optional()
  .describe('Also say the figures in this currency, by the rates of exchange of the last day.');

/** What one unit of each currency is in `currency` on `day`. */
export type Reporting = Readonly<{ currency: string; day: string; rates: ReadonlyMap<string, FxAnswer> }>;

/** An amount in the reporting currency, or the rates that it lacks. */
export type Converted =
  Readonly<{ money: Money; missing: readonly [] }> | Readonly<{ money: null; missing: readonly FxMissing[] }>;

/**
 * The rates of the last day of the range in `tz`; where the range is not over, of the day at which the log had reached the
 * position. So the same position gives the same rates for ever.
 */
export async function readReporting(
  tx: Tx,
  question: Readonly<{ currency: string; from: readonly string[]; range: Range; asOf: AsOf; tz: string }>,
): Promise<Reporting> {
  const { currency: to, range, asOf, tz } = question;
  const from = [...new Set(question.from)].filter((code) => code !== '').toSorted();
  const day = await readLocalDay(tx, { before: range.to, orAt: await readTimeOf(tx, asOf.position), tz });
  return { currency: to, day, rates: await findFxRates(tx, { from, to, day, position: asOf.position }) };
}

async function readLocalDay(tx: Tx, { before, orAt, tz }: { before: Date; orAt: Date; tz: string }): Promise<string> {
  const { rows } = await tx.query<{ day: string }>(
    `select to_char(least($1::timestamptz - interval '1 microsecond', $2::timestamptz) at time zone $3::text, 'YYYY-MM-DD')
       as day`,
    [before, orAt, tz],
  );
  return rows[0]?.day ?? '';
}

/** Exact. Nothing is nothing in any currency, whether there is a rate or not. */
export function convertTo(reporting: Reporting, { amount, currency: from }: Money): Converted {
  if (parseDecimal(amount).units === 0n) return { money: { amount: '0', currency: reporting.currency }, missing: [] };
  const rate = reporting.rates.get(from);
  if (rate === undefined) throw new Error(`No rate of ${from} was looked up for ${reporting.currency}.`);
  return isMissing(rate) ? { money: null, missing: [rate] } : { money: convertAmount(amount, rate), missing: [] };
}

/** The sum of amounts of any currencies in the reporting currency; null where one of them lacks its rate. */
export function convertSum(reporting: Reporting, amounts: readonly Money[]): Converted {
  const parts = amounts.map((amount) => convertTo(reporting, amount));
  const missing = new Map(parts.flatMap((part) => part.missing.map((each) => [each.from, each])));
  if (missing.size > 0) return { money: null, missing: [...missing.values()] };
  const sum = parts.map(({ money }) => parseDecimal(money?.amount ?? '0')).reduce(addDecimals, { units: 0n, scale: 0 });
  return { money: { amount: formatDecimal(sum), currency: reporting.currency }, missing: [] };
}

/** `USD/EUR on 2026-10-31` */
export function nameMissing({ from, to, day }: FxMissing): string {
  return `${from}/${to} on ${day}`;
}

/** What the answer says of the rates that it is made with. */
export function reportingJson({ currency: to, day, rates }: Reporting): Record<string, unknown> {
  const answers = [...rates.values()];
  return {
    reporting_currency: to,
    day,
    rates: answers.flatMap((each) =>
      isMissing(each)
        ? []
        : [{ base: each.from, quote: to, fx_rate: each.rate, fx_date: each.date, fx_source: each.source }],
    ),
    missing: answers.filter(isMissing).map(({ from, reason }) => ({ base: from, quote: to, day, reason })),
  };
}
