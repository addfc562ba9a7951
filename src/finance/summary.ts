import type { Money } from '../domain/currency.ts';
import { addDecimals, formatDecimal, parseDecimal, subtractDecimals, ZERO } from '../domain/decimal.ts';
import type { Decimal } from '../domain/decimal.ts';
import type { Tx } from '../platform/postgres.ts';
import { readAccruals } from './accruals.ts';
import { linesInRange } from './periods/lines-in-range.ts';
import { costShareSelect, costShareValues } from './provider-costs/cost-share-select.ts';
import { readSpreadCosts } from './provider-costs/read-spread-costs.ts';
import type { Model } from './read-models.ts';
import { COLLECTED_KINDS, tableOf } from './read-models.ts';
import type { FigureFilter, UsageSource } from './usage-source.ts';
import { usageSelect, usageValues } from './usage-source.ts';

export const FIGURES = ['rated', 'billed', 'tax', 'collected', 'cost'] as const;
export type Figure = (typeof FIGURES)[number];

type TenantAmount = Readonly<{ tenantId: string; currency: string; figure: Figure; amount: string }>;

export type SummaryRow = Readonly<{
  tenantId: string;
  currency: string;
  /** Usage priced by the tenant's plan, and its flat fees. Accrued, unrounded. */
  rated: string;
  /** On issued invoices, net of tax. */
  billed: string;
  /** On the same invoices, beside `billed`, not in it. */
  tax: string;
  /** Cash received less refunds, by settlement date. */
  collected: string;
  /** By usage, and fixed costs as they are allocated. */
  cost: string;
  /** rated − cost; undefined where the tenant's revenue and cost are in more than one currency. */
  grossProfit: string | undefined;
}>;

export type SummaryQuery = Readonly<{
  source: UsageSource;
  payments: Model;
  invoices: Model;
  filter: FigureFilter;
}>;

/** Every tenant and currency with a figure in the range, ordered by tenant and currency (code units). */
export async function readSummary(tx: Tx, query: SummaryQuery): Promise<readonly SummaryRow[]> {
  const accruals = await readAccruals(tx, { model: query.source.model, filter: query.filter });
  const amounts: TenantAmount[] = [
    ...(await readUsageAmounts(tx, query)),
    ...accruals.map(({ tenantId, currency, amount }) => ({ tenantId, currency, figure: 'rated' as const, amount })),
    ...(await readFixedCosts(tx, query)),
    ...(await readInvoiceAmounts(tx, query)),
    ...(await readPaymentAmounts(tx, query)),
  ];
  const { currency } = query.filter;
  // Last: whether a tenant's gross profit makes sense depends on the currencies that are not asked for, too.
  return summarise(amounts).filter((row) => currency === undefined || row.currency === currency);
}

/** Sums by currency of one figure over rows that may be of many tenants. */
export function totalOf(rows: readonly SummaryRow[], figure: Figure): readonly Money[] {
  const totals = new Map<string, Decimal>();
  for (const row of rows) {
    totals.set(row.currency, addDecimals(totals.get(row.currency) ?? ZERO, parseDecimal(row[figure])));
  }
  return [...totals]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([currency, amount]) => ({ amount: formatDecimal(amount), currency }));
}

async function readUsageAmounts(tx: Tx, { source, filter }: SummaryQuery): Promise<readonly TenantAmount[]> {
  const { rows } = await tx.query<TenantAmount>(
    `with source as (${usageSelect(source)})
     select tenant_id as "tenantId", rated_currency as currency, 'rated' as figure, trim_scale(sum(rated))::text as amount
     from source where rated_currency <> '' group by tenant_id, rated_currency having sum(rated) <> 0
     union all
     select tenant_id, cost_currency, 'cost', trim_scale(sum(cost))::text
     from source where cost_currency <> '' group by tenant_id, cost_currency having sum(cost) <> 0`,
    usageValues(filter),
  );
  return rows;
}

async function readFixedCosts(tx: Tx, { source, filter }: SummaryQuery): Promise<readonly TenantAmount[]> {
  const shares = await readSpreadCosts(tx, {
    usage: source.model,
    filter: { ...filter, currency: undefined },
    windowStarts: [filter.range.from],
  });
  const { rows } = await tx.query<TenantAmount>(
    `select tenant_id as "tenantId", currency, 'cost' as figure, trim_scale(sum(cost))::text as amount
     from (${costShareSelect(1)}) fixed group by tenant_id, currency having sum(cost) <> 0`,
    costShareValues(shares),
  );
  return rows;
}

async function readInvoiceAmounts(tx: Tx, { invoices, filter }: SummaryQuery): Promise<readonly TenantAmount[]> {
  const { rows } = await tx.query<TenantAmount>(
    `with lines as (
       select tenant_id, currency, net, tax
       from ${linesInRange({ table: tableOf('invoice_lines', invoices), time: 'issued_at', where: OURS, basis: filter.basis })} i
     )
     select tenant_id as "tenantId", currency, 'billed' as figure, trim_scale(sum(net))::text as amount
     from lines group by tenant_id, currency having sum(net) <> 0
     union all
     select tenant_id, currency, 'tax', trim_scale(sum(tax))::text
     from lines group by tenant_id, currency having sum(tax) <> 0`,
    usageValues(filter).slice(0, 6),
  );
  return rows;
}

async function readPaymentAmounts(tx: Tx, { payments, filter }: SummaryQuery): Promise<readonly TenantAmount[]> {
  const { rows } = await tx.query<TenantAmount>(
    `select tenant_id as "tenantId", currency, 'collected' as figure, trim_scale(sum(amount))::text as amount
     from ${linesInRange({ table: tableOf('payment_lines', payments), time: 'settled_at', where: OURS, basis: filter.basis })} p
     where kind in ${COLLECTED_KINDS}
     group by tenant_id, currency having sum(amount) <> 0`,
    usageValues(filter).slice(0, 6),
  );
  return rows;
}

const OURS = `mode = $1::text and books = 'platform' and ($5::text[] is null or tenant_id = any ($5::text[]))
  and ($6::text[] is null or provider = any ($6::text[]))`;

function summarise(amounts: readonly TenantAmount[]): readonly SummaryRow[] {
  const rows = new Map<string, { tenantId: string; currency: string; figures: Record<Figure, Decimal> }>();
  for (const { tenantId, currency, figure, amount } of amounts) {
    const key = JSON.stringify([tenantId, currency]);
    const row = rows.get(key) ?? { tenantId, currency, figures: noFigures() };
    row.figures[figure] = addDecimals(row.figures[figure], parseDecimal(amount));
    rows.set(key, row);
  }
  const mixed = tenantsOfSeveralCurrencies(amounts);
  return [...rows.values()]
    .toSorted((a, b) => compareText(a.tenantId, b.tenantId) || compareText(a.currency, b.currency))
    .map(({ tenantId, currency, figures }) => ({
      tenantId,
      currency,
      rated: formatDecimal(figures.rated),
      billed: formatDecimal(figures.billed),
      tax: formatDecimal(figures.tax),
      collected: formatDecimal(figures.collected),
      cost: formatDecimal(figures.cost),
      grossProfit: mixed.has(tenantId) ? undefined : formatDecimal(subtractDecimals(figures.rated, figures.cost)),
    }));
}

/** Two currencies are never added, so such a tenant has no gross profit until a rate of exchange is given. */
function tenantsOfSeveralCurrencies(amounts: readonly TenantAmount[]): ReadonlySet<string> {
  const currencies = new Map<string, Set<string>>();
  for (const { tenantId, currency, figure } of amounts) {
    if (figure !== 'rated' && figure !== 'cost') continue;
    currencies.set(tenantId, (currencies.get(tenantId) ?? new Set()).add(currency));
  }
  return new Set([...currencies].filter(([, known]) => known.size > 1).map(([tenantId]) => tenantId));
}

function noFigures(): Record<Figure, Decimal> {
  return { rated: ZERO, billed: ZERO, tax: ZERO, collected: ZERO, cost: ZERO };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
