import { addDecimals, formatDecimal, parseDecimal } from '../domain/decimal.ts';
import type { Tx } from '../platform/postgres.ts';
import type { OpenedFigures } from './open-figures.ts';
import { readMargin } from './margin.ts';
import type { MarginGroup, MarginRow } from './margin.ts';
import type { Range } from './time-range.ts';

/** What a group made in one currency: accrued and invoiced revenue beside cost, and cash beside all of them. */
export type OverviewRow = Readonly<{
  /** A month (`2026-10`), a tenant or a provider. Empty for what is of none, such as a plan's fees of no provider. */
  key: string;
  range: Range;
  /** Empty where the group has counts only. */
  currency: string;
  rated: string;
  billed: string;
  collected: string;
  cost: string;
  estimatedCost: string;
  /** rated − cost; undefined where those of the group are in more than one currency. */
  grossProfit: string | undefined;
  grossMarginPct: string | undefined;
  unpriced: string;
}>;

export type Overview = Readonly<{
  months: readonly OverviewRow[];
  tenants: readonly OverviewRow[];
  providers: readonly OverviewRow[];
}>;

/** The books of a range by month, tenant and provider: the same figures as `/v1/margin` gives, on both bases. */
export async function readOverview(tx: Tx, opened: OpenedFigures, monthOf: (at: Date) => string): Promise<Overview> {
  const { windowStarts, range } = opened;
  const months: OverviewRow[] = [];
  for (const [index, from] of windowStarts.entries()) {
    const month = { from, to: windowStarts[index + 1] ?? range.to };
    // oxlint-disable-next-line no-await-in-loop -- one connection answers one question at a time
    const rows = await readGroup(tx, opened, month, []);
    months.push(...rows.map((row) => ({ ...row, key: monthOf(from) })));
  }
  return {
    months,
    tenants: await readGroup(tx, opened, range, ['tenant_id']),
    providers: await readGroup(tx, opened, range, ['provider']),
  };
}

async function readGroup(
  tx: Tx,
  { models, filter, source }: OpenedFigures,
  range: Range,
  groupBy: readonly MarginGroup[],
): Promise<readonly OverviewRow[]> {
  const { payments, invoices } = models;
  const question = { source, payments, invoices, filter: { ...filter, range }, groupBy };
  const rated = await readMargin(tx, { ...question, basis: 'rated' });
  const billed = await readMargin(tx, { ...question, basis: 'billed' });
  const keyOf = ({ key: [tenantId, provider] }: MarginRow): string =>
    groupBy.includes('tenant_id') ? tenantId : provider;
  const rows = new Map<string, OverviewRow>();
  for (const row of rated) {
    rows.set(JSON.stringify(row.key), {
      key: keyOf(row),
      range,
      currency: row.key[2],
      rated: row.revenue,
      billed: '0',
      collected: row.collected,
      cost: row.cogs,
      estimatedCost: row.estimatedCogs,
      grossProfit: row.grossProfit,
      grossMarginPct: row.grossMarginPct,
      unpriced: row.unpriced,
    });
  }
  for (const row of billed) {
    const id = JSON.stringify(row.key);
    const there = rows.get(id);
    rows.set(id, {
      ...(there ?? { ...nothing, key: keyOf(row), range, currency: row.key[2], collected: row.collected }),
      billed: formatDecimal(addDecimals(parseDecimal(there?.billed ?? '0'), parseDecimal(row.revenue))),
    });
  }
  return [...rows.values()].toSorted((a, b) => compare(a.key, b.key) || compare(a.currency, b.currency));
}

const nothing = {
  rated: '0',
  billed: '0',
  cost: '0',
  estimatedCost: '0',
  grossProfit: '0',
  grossMarginPct: undefined,
  unpriced: '0',
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
