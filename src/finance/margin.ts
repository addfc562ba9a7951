import type { Money } from '../domain/currency.ts';
import type { Decimal } from '../domain/decimal.ts';
import { addDecimals, formatDecimal, parseDecimal, subtractDecimals, ZERO } from '../domain/decimal.ts';
import type { Tx } from '../platform/postgres.ts';
import { readAccruals } from './accruals.ts';
import { linesInRange } from './periods/lines-in-range.ts';
import { costShareSelect, costShareValues } from './provider-costs/cost-share-select.ts';
import { readSpreadCosts } from './provider-costs/read-spread-costs.ts';
import type { Model } from './read-models.ts';
import { COLLECTED_KINDS, tableOf } from './read-models.ts';
import type { FigureFilter, UsageSource } from './usage-source.ts';
import { usageSelect, usageValues } from './usage-source.ts';

export const MARGIN_GROUPS = ['tenant_id', 'provider'] as const;
export type MarginGroup = (typeof MARGIN_GROUPS)[number];

/** Rated: accrued, by price plans and their flat fees. Billed: on issued invoices, net of tax. */
export const REVENUE_BASES = ['rated', 'billed'] as const;
export type RevenueBasis = (typeof REVENUE_BASES)[number];

/**
 * Tenant, provider, currency. `''` for what is not grouped by, for the provider of flat fees, and for the currency of a
 * group that has usage only and not an amount.
 */
export type MarginKey = readonly [string, string, string];

export type MarginRow = Readonly<{
  key: MarginKey;
  revenue: string;
  /** Cost of goods sold, estimates and allocated fixed costs included. */
  cogs: string;
  estimatedCogs: string;
  /** revenue − cogs; undefined where those of the group are in more than one currency. */
  grossProfit: string | undefined;
  /** Of the revenue, to two decimals, half away from zero; undefined without a gross profit or without revenue. */
  grossMarginPct: string | undefined;
  /** Cash received less refunds, by settlement date. On another basis than the rest: beside it, never subtracted. */
  collected: string;
  /** What disputes took away less what they gave back, and what payment providers kept: beside collected, not in it. */
  disputed: string;
  fees: string;
  /** collected − disputed − fees. */
  netCash: string;
  /** Of the group: the same in each of its currencies. */
  unpriced: string;
  uncosted: string;
}>;

export type MarginQuery = Readonly<{
  source: UsageSource;
  payments: Model;
  invoices: Model;
  filter: FigureFilter;
  basis: RevenueBasis;
  groupBy: readonly MarginGroup[];
}>;

type Amounts = Readonly<
  Record<
    | 'tenantId'
    | 'provider'
    | 'currency'
    | 'revenue'
    | 'cogs'
    | 'estimatedCogs'
    | 'collected'
    | 'disputed'
    | 'fees'
    | 'unpriced'
    | 'uncosted',
    string
  > & { isMixed: boolean }
>;

/** Every group and currency with a figure in the range, in the order of the key (code units). */
export async function readMargin(tx: Tx, query: MarginQuery): Promise<readonly MarginRow[]> {
  const { currency } = query.filter;
  const amounts = await readAmounts(tx, query);
  return (
    amounts
      // Last: whether a gross profit makes sense depends on the currencies that are not asked for, too.
      .filter((row) => currency === undefined || row.currency === currency || row.currency === '')
      .map(marginRow)
      .toSorted((a, b) => compareMarginKeys(a.key, b.key))
  );
}

export function compareMarginKeys(a: MarginKey, b: MarginKey): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at === -1 ? 0 : (a[at] ?? '') < (b[at] ?? '') ? -1 : 1;
}

/** Sums of one figure by currency. */
export function marginTotal(
  rows: readonly MarginRow[],
  figure: 'revenue' | 'cogs' | 'estimatedCogs' | 'collected',
): readonly Money[] {
  const totals = new Map<string, Decimal>();
  for (const row of rows) {
    const [, , currency] = row.key;
    if (currency === '') continue;
    totals.set(currency, addDecimals(totals.get(currency) ?? ZERO, parseDecimal(row[figure])));
  }
  return [...totals]
    .map(([currency, amount]) => ({ amount: formatDecimal(amount), currency }))
    .toSorted((a, b) => (a.currency < b.currency ? -1 : 1));
}

function marginRow(row: Amounts): MarginRow {
  const revenue = parseDecimal(row.revenue);
  const profit = row.isMixed ? undefined : subtractDecimals(revenue, parseDecimal(row.cogs));
  return {
    key: [row.tenantId, row.provider, row.currency],
    revenue: row.revenue,
    cogs: row.cogs,
    estimatedCogs: row.estimatedCogs,
    grossProfit: profit && formatDecimal(profit),
    grossMarginPct: profit && revenue.units > 0n ? percentOf(profit, revenue) : undefined,
    collected: row.collected,
    disputed: row.disputed,
    fees: row.fees,
    netCash: formatDecimal(
      subtractDecimals(parseDecimal(row.collected), addDecimals(parseDecimal(row.disputed), parseDecimal(row.fees))),
    ),
    unpriced: row.unpriced,
    uncosted: row.uncosted,
  };
}

/** To two decimals, half away from zero. `whole` is positive. */
export function percentOf(part: Decimal, whole: Decimal): string {
  const scale = Math.max(part.scale, whole.scale);
  const dividend = part.units * 10n ** BigInt(scale - part.scale) * 10_000n;
  const divisor = whole.units * 10n ** BigInt(scale - whole.scale);
  const size = dividend < 0n ? -dividend : dividend;
  const units = (2n * size + divisor) / (2n * divisor);
  return formatDecimal({ units: dividend < 0n ? -units : units, scale: 2 });
}

async function readAmounts(tx: Tx, query: MarginQuery): Promise<readonly Amounts[]> {
  const { source, payments, invoices, filter, basis, groupBy } = query;
  const { basis: by, range } = filter;
  const accruals = basis === 'rated' ? await readAccruals(tx, { model: source.model, filter }) : [];
  // Of every currency: which of them is asked for decides last.
  const shares = await readSpreadCosts(tx, {
    usage: source.model,
    filter: { ...filter, currency: undefined },
    windowStarts: [range.from],
  });
  const { rows } = await tx.query<Amounts>(
    `with usage as (${usageSelect(source)}),
     amount as (
       select tenant_id, provider, rated_currency as currency, rated as revenue, 0 as cogs, 0 as estimated,
         0 as collected, 0 as disputed, 0 as fees
       from usage where $8::text = 'rated' and rated_currency <> ''
       union all
       select tenant_id, provider, cost_currency, 0, cost, case cost_status when 'estimated' then cost else 0 end, 0, 0, 0
       from usage where cost_currency <> ''
       union all
       select tenant_id, provider, currency, net, 0, 0, 0, 0, 0
       from ${linesInRange({ table: tableOf('invoice_lines', invoices), time: 'issued_at', where: OURS, basis: by })} i
       where $8::text = 'billed'
       union all
       select tenant_id, provider, currency, 0, 0, 0,
         case when kind in ${COLLECTED_KINDS} then amount else 0 end,
         case kind when 'dispute' then -amount else 0 end, case kind when 'fee' then -amount else 0 end
       from ${linesInRange({ table: tableOf('payment_lines', payments), time: 'settled_at', where: OURS, basis: by })} p
       union all
       select tenant_id, provider, currency, amount, 0, 0, 0, 0, 0
       from json_to_recordset($9::json) accrual (tenant_id text, provider text, currency text, amount numeric)
       union all
       select tenant_id, provider, currency, 0, cost, 0, 0, 0, 0 from (${costShareSelect(11)}) fixed
     ),
     by_currency as (
       select ${groupOf('tenant_id')}, ${groupOf('provider')}, currency, sum(revenue) as revenue, sum(cogs) as cogs,
         sum(estimated) as estimated, sum(collected) as collected, sum(disputed) as disputed, sum(fees) as fees
       from amount
       group by 1, 2, 3
       having sum(revenue) <> 0 or sum(cogs) <> 0 or sum(collected) <> 0 or sum(estimated) <> 0
         or sum(disputed) <> 0 or sum(fees) <> 0
     ),
     counted as (
       select ${groupOf('tenant_id')}, ${groupOf('provider')}, sum(unpriced) as unpriced, sum(uncosted) as uncosted
       from usage
       group by 1, 2
       having sum(unpriced) <> 0 or sum(uncosted) <> 0
     )
     select tenant_id as "tenantId", provider, coalesce(currency, '') as currency,
       trim_scale(coalesce(revenue, 0))::text as revenue, trim_scale(coalesce(cogs, 0))::text as cogs,
       trim_scale(coalesce(estimated, 0))::text as "estimatedCogs",
       trim_scale(coalesce(collected, 0))::text as collected,
       trim_scale(coalesce(disputed, 0))::text as disputed, trim_scale(coalesce(fees, 0))::text as fees,
       coalesce(unpriced, 0)::text as unpriced, coalesce(uncosted, 0)::text as uncosted,
       count(*) filter (where revenue <> 0 or cogs <> 0) over (partition by tenant_id, provider) > 1 as "isMixed"
     from by_currency
     full join counted using (tenant_id, provider)`,
    [
      ...usageValues(filter),
      basis,
      JSON.stringify(accruals.map(({ tenantId, ...accrual }) => ({ tenant_id: tenantId, ...accrual }))),
      groupBy,
      ...costShareValues(shares),
    ],
  );
  return rows;
}

const OURS = `mode = $1::text and books = 'platform' and ($5::text[] is null or tenant_id = any ($5::text[]))
    and ($6::text[] is null or provider = any ($6::text[]))`;

function groupOf(column: MarginGroup): string {
  return `(case when '${column}' = any ($10::text[]) then ${column} else '' end) collate "C" as ${column}`;
}
