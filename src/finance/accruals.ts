import { addDecimals, formatDecimal, parseDecimal } from '../domain/decimal.ts';
import type { Tx } from '../platform/postgres.ts';
import { readAggregateAllocation } from './aggregate-allocation.ts';
import { readFlatFees } from './flat-fees.ts';
import type { Model } from './read-models.ts';
import type { FigureFilter } from './usage-source.ts';

/** What a tenant is charged for by the calendar and no line holds. Empty provider: a fee, which is of a plan. */
export type Accrual = Readonly<{ tenantId: string; provider: string; currency: string; amount: string }>;

/**
 * Fees of plans within a range, and the share of its days in what is rated by the month (tiers, packages, included
 * quantities): with the lines' own prices that is everything rated. Minimums are of a statement and accrue nothing. Days
 * and months are those of UTC. As of a position, so that the same question has the same answer for ever.
 */
export async function readAccruals(
  tx: Tx,
  { model, filter }: { model: Model; filter: FigureFilter },
): Promise<readonly Accrual[]> {
  const fees = filter.providers === undefined ? await readFlatFees(tx, filter) : [];
  const days = await readAggregateAllocation(tx, { model, filter, tz: 'UTC' });
  const shares = days
    .filter(({ provider }) => filter.providers?.includes(provider) ?? true)
    .map(({ tenantId, provider, allocated }) => ({ tenantId, provider, ...allocated }));
  const groups = Map.groupBy(
    [...fees.map(({ tenantId, currency, amount }) => ({ tenantId, provider: '', currency, amount })), ...shares],
    ({ tenantId, provider, currency }) => JSON.stringify([tenantId, provider, currency]),
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const amounts = [first, ...others].map(({ amount }) => parseDecimal(amount));
    return [{ ...first, amount: formatDecimal(amounts.reduce(addDecimals)) }];
  });
}
