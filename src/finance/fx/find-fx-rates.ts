import type { Money } from '../../domain/currency.ts';
import { formatDecimal, multiplyDecimals, parseDecimal } from '../../domain/decimal.ts';
import type { Tx } from '../../platform/postgres.ts';

/** One unit of `from` is `rate` units of `to`. `date` is the day that the rate is of, a local date. */
export type FxRate = Readonly<{ from: string; to: string; rate: string; date: string; source: string }>;

/** No rate of just this pair is known of the day or of the week before it. */
export type FxMissing = Readonly<{ from: string; to: string; reason: 'fx_missing'; day: string }>;

export type FxAnswer = FxRate | FxMissing;

export function isMissing(answer: FxAnswer): answer is FxMissing {
  return 'reason' in answer;
}

/** A rate of a Friday serves over a long weekend; one that is older is none. */
const MAX_AGE_DAYS = 7;

/**
 * What one unit of each currency is in `to` on a day, as of a position: by the latest rate dated at or before the day, at
 * most a week older; of one date the rate that was set last. Rates are never turned round nor chained: a pair has its own
 * rate, or none.
 */
export async function findFxRates(
  tx: Tx,
  { from, to, day, position }: { from: readonly string[]; to: string; day: string; position: bigint },
): Promise<ReadonlyMap<string, FxAnswer>> {
  const { rows } = await tx.query<Omit<FxRate, 'to'>>(
    `select distinct on (base) base as "from", trim_scale(rate)::text as rate, to_char(date, 'YYYY-MM-DD') as date, source
     from hookledger.fx_rates
     where base = any ($1::text[]) and quote = $2::text and position <= $4::bigint
       and date <= $3::date and date >= $3::date - $5::integer
     order by base, date desc, position desc`,
    [from, to, day, String(position), MAX_AGE_DAYS],
  );
  const answer = (code: string): FxAnswer => {
    if (code === to) return { from: code, to, rate: '1', date: day, source: 'identity' };
    const found = rows.find((row) => row.from === code);
    return found === undefined ? { from: code, to, reason: 'fx_missing', day } : { ...found, to };
  };
  return new Map(from.map((code) => [code, answer(code)]));
}

/** Exact: nothing is rounded. */
export function convertAmount(amount: string, { rate, to }: FxRate): Money {
  return { amount: formatDecimal(multiplyDecimals(parseDecimal(amount), parseDecimal(rate))), currency: to };
}
