import type { Money } from '../domain/currency.ts';
import { addDecimals, formatDecimal, parseDecimal } from '../domain/decimal.ts';
import type { Tx } from '../platform/postgres.ts';
import { isOfWholeDays, readAggregateAllocation } from './aggregate-allocation.ts';
import type { AllocatedDay, AllocationQuery } from './aggregate-allocation.ts';
import type { Window } from './time-range.ts';
import type { UsageGroup, UsageKey } from './usage.ts';
import type { FigureFilter } from './usage-source.ts';

/** What rows of usage are allocated of what their months are charged; one amount for each currency. */
export type UsageAllocation = Readonly<{ of(key: UsageKey): readonly Money[]; total: readonly Money[] }>;

/** Undefined by booked period, and where the windows are parts of days: a day is the smallest that a month is allocated to. */
export async function readUsageAllocation(
  tx: Tx,
  {
    window,
    windowStarts,
    groupBy,
    filter,
    ...query
  }: Omit<AllocationQuery, 'filter'> &
    Readonly<{
      window: Window;
      windowStarts: readonly Date[];
      groupBy: readonly UsageGroup[];
      filter: FigureFilter;
    }>,
): Promise<UsageAllocation | undefined> {
  // How a change of a closed month's charge is booked is no share of the days that it is booked in.
  if (window === 'hour' || filter.basis === 'booked' || !(await isOfWholeDays(tx, filter.range, query.tz)))
    return undefined;
  const { providers, meters } = filter;
  const days = (await readAggregateAllocation(tx, { ...query, filter })).filter(
    // After the allocation: a month is rated over all providers.
    ({ provider, meter }) => (providers?.includes(provider) ?? true) && (meters?.includes(meter) ?? true),
  );
  const keyOf = ({ day, tenantId, provider, meter, unit }: AllocatedDay): UsageKey => [
    windowStarts.findLastIndex((start) => start <= day),
    groupBy.includes('tenant_id') ? tenantId : '',
    groupBy.includes('provider') ? provider : '',
    groupBy.includes('meter') ? meter : '',
    unit,
  ];
  const rows = Map.groupBy(days, (day) => JSON.stringify(keyOf(day)));
  return { of: (key) => sumByCurrency(rows.get(JSON.stringify(key)) ?? []), total: sumByCurrency(days) };
}

function sumByCurrency(days: readonly AllocatedDay[]): readonly Money[] {
  return [...Map.groupBy(days, ({ allocated }) => allocated.currency)]
    .map(([currency, of]) => {
      const amounts = of.map(({ allocated }) => parseDecimal(allocated.amount));
      return { amount: formatDecimal(amounts.reduce(addDecimals)), currency };
    })
    .toSorted((a, b) => (a.currency < b.currency ? -1 : 1));
}
