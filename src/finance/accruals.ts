import { addDecimals, formatDecimal, negateDecimal, parseDecimal } from '../domain/decimal.ts';
import type { Tx } from '../platform/postgres.ts';
import { readAggregateAllocation } from './aggregate-allocation.ts';
import { readFlatFees } from './flat-fees.ts';
import { readStands } from './periods/read-stands.ts';
import type { Model } from './read-models.ts';
import type { FigureFilter } from './usage-source.ts';

/** What a tenant is charged for by the calendar and no line holds. Empty provider: of a plan and no provider. */
export type Accrual = Readonly<{ tenantId: string; provider: string; currency: string; amount: string }>;

type AccrualQuery = Readonly<{ model: Model; filter: FigureFilter }>;

/**
 * Fees of plans within a range, and the share of its days in what is rated by the month (tiers, packages, included
 * quantities): with the lines' own prices that is everything rated. Minimums are of a statement and accrue nothing. Days
 * and months are those of UTC. As of a position, so that the same question has the same answer for ever.
 */
export async function readAccruals(tx: Tx, { model, filter }: AccrualQuery): Promise<readonly Accrual[]> {
  const stands =
    filter.basis === 'booked'
      ? await readStands(tx, filter)
      : [{ range: filter.range, asOf: filter.asOf, sign: 1 as const }];
  const accruals: Accrual[] = [];
  for (const { range, asOf, sign } of stands) {
    // oxlint-disable-next-line no-await-in-loop -- one connection answers one question at a time
    const found = await readDatedAccruals(tx, { model, filter: { ...filter, range, asOf } });
    accruals.push(
      ...found.map((each) =>
        sign === 1 ? each : { ...each, amount: formatDecimal(negateDecimal(parseDecimal(each.amount))) },
      ),
    );
  }
  return sumAccruals(accruals);
}

/** An accrual of one moment: when a fee is charged, or the day that a month's charge is allocated to begins. */
type DatedAccrual = Accrual & Readonly<{ at: Date }>;

/** What `readAccruals` adds up, by service. */
async function readDatedAccruals(tx: Tx, { model, filter }: AccrualQuery): Promise<readonly DatedAccrual[]> {
  const fees = filter.providers === undefined ? await readFlatFees(tx, filter) : [];
  const days = await readAggregateAllocation(tx, { model, filter, tz: 'UTC' });
  return [
    ...fees.map(({ tenantId, currency, amount, chargedAt: at }) => ({ tenantId, provider: '', currency, amount, at })),
    ...days
      .filter(({ provider }) => filter.providers?.includes(provider) ?? true)
      .map(({ tenantId, provider, allocated, day: at }) => ({ tenantId, provider, ...allocated, at })),
  ];
}

function sumAccruals(accruals: readonly Accrual[]): readonly Accrual[] {
  const groups = Map.groupBy(accruals, ({ tenantId, provider, currency }) =>
    JSON.stringify([tenantId, provider, currency]),
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { tenantId, provider, currency } = first;
    const amounts = [first, ...others].map(({ amount }) => parseDecimal(amount));
    return [{ tenantId, provider, currency, amount: formatDecimal(amounts.reduce(addDecimals)) }];
  });
}
