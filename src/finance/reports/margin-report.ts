import { z } from 'zod';
import type { EventFigure } from '../figure-events.ts';
import { convertTo, nameMissing, readReporting, reportingCurrency, reportingJson } from '../fx/reporting-currency.ts';
import type { Reporting } from '../fx/reporting-currency.ts';
import { compareMarginKeys, MARGIN_GROUPS, marginTotal, readMargin, REVENUE_BASES } from '../margin.ts';
import type { MarginKey, MarginRow } from '../margin.ts';
import { groupMargins, totalMargin } from '../reporting-margin.ts';
import type { ReportingMargin } from '../reporting-margin.ts';
import { currency, groupsOf, listOf, text } from '../query-parameters.ts';
import type { Model, Models } from '../read-models.ts';
import { definePreparedReport } from '../report.ts';
import type { Cell, EventsBehind, ReportRequest } from '../report.ts';
import type { FigureFilter } from '../usage-source.ts';

const parameters = {
  provider: listOf(text).optional().describe('Leaves out flat fees, which are of no provider.'),
  currency: currency.optional(),
  revenue: z
    .enum(REVENUE_BASES, `is one of ${REVENUE_BASES.join(', ')}`)
    .default('rated')
    .describe('What counts as revenue: priced usage and flat fees, or what is on issued invoices, net of tax.'),
  group_by: groupsOf(MARGIN_GROUPS),
  reporting_currency: reportingCurrency,
};
type Params = z.output<z.ZodObject<typeof parameters>>;
type Prepared = Readonly<{
  rows: readonly MarginRow[];
  reporting: Reporting | undefined;
  /** Of the group of a row, over all its currencies. */
  marginOf(row: MarginRow): ReportingMargin | undefined;
}>;
type Request = ReportRequest<Params, Prepared>;

const key: z.ZodType<MarginKey> = z.tuple([z.string(), z.string(), z.string()]);

/** Revenue beside what it cost and what was collected, by tenant, provider and currency. */
export const marginReport = definePreparedReport({
  name: 'margin',
  summary: 'Revenue beside what it cost and what was collected, by tenant, provider and currency',
  parameters,
  range: 'month',
  hasBasis: true,
  models: all,
  narrow: (params: Params) => ({ providers: params.provider, currency: params.currency }),
  prepare,
  columns: [
    {
      name: 'tenant_id',
      kind: 'text',
      description: 'Whose',
      cell: (row: MarginRow, { params }) => (params.group_by.includes('tenant_id') ? row.key[0] : null),
    },
    {
      name: 'provider',
      kind: 'text',
      description: 'None for fees of a plan',
      cell: (row) => (row.key[1] === '' ? null : row.key[1]),
    },
    { name: 'currency', kind: 'text', description: 'None of usage only', cell: (row) => row.key[2] || null },
    { name: 'revenue', kind: 'money', description: 'By revenue_basis', cell: (row) => money(row, row.revenue) },
    {
      name: 'revenue_basis',
      kind: 'text',
      description: 'rated: accrued; billed: on issued invoices, net of tax',
      cell: (_row, { params }) => params.revenue,
    },
    {
      name: 'cogs',
      kind: 'money',
      description: 'Cost of goods sold, estimates and allocated fixed costs included',
      cell: (row) => money(row, row.cogs),
    },
    {
      name: 'cogs_estimated',
      kind: 'money',
      description: 'The part of it that is estimated',
      cell: (row) => money(row, row.estimatedCogs),
    },
    {
      name: 'gross_profit',
      kind: 'money',
      description: 'revenue less cogs; none of a group of several currencies',
      cell: (row) => (row.grossProfit === undefined ? null : money(row, row.grossProfit)),
    },
    {
      name: 'gross_profit_reason',
      kind: 'text',
      description: 'Why there is none: currency_mismatch or no_amounts',
      cell: (row) => (row.grossProfit === undefined ? 'currency_mismatch' : row.key[2] === '' ? 'no_amounts' : null),
    },
    {
      name: 'gross_margin_pct',
      kind: 'decimal',
      description: 'Gross profit in per cent of the revenue',
      cell: (row) => row.grossMarginPct ?? null,
    },
    {
      name: 'gross_margin_pct_reason',
      kind: 'text',
      description: 'Why there is none: currency_mismatch or no_revenue',
      cell: (row) => {
        if (row.grossMarginPct !== undefined) return null;
        return row.grossProfit === undefined ? 'currency_mismatch' : 'no_revenue';
      },
    },
    {
      name: 'collected',
      kind: 'money',
      description: 'Cash received less refunds, by settlement date: on another basis, never subtracted',
      cell: (row) => money(row, row.collected),
    },
    {
      name: 'disputed',
      kind: 'money',
      description: 'Taken away by disputes less given back',
      cell: (row) => money(row, row.disputed),
    },
    {
      name: 'fees',
      kind: 'money',
      description: 'Kept by the payment provider',
      cell: (row) => money(row, row.fees),
    },
    {
      name: 'net_cash',
      kind: 'money',
      description: 'collected less disputed and fees',
      cell: (row) => money(row, row.netCash),
    },
    { name: 'unpriced_count', kind: 'integer', description: 'Of the group', cell: (row) => row.unpriced },
    { name: 'uncosted_count', kind: 'integer', description: 'Of the group', cell: (row) => row.uncosted },
    {
      name: 'reporting_revenue',
      kind: 'money',
      description: 'revenue in reporting_currency',
      cell: (row, request) => converted(row, row.revenue, request),
    },
    {
      name: 'reporting_cogs',
      kind: 'money',
      description: 'cogs in reporting_currency',
      cell: (row, request) => converted(row, row.cogs, request),
    },
    {
      name: 'reporting_gross_profit',
      kind: 'money',
      description: 'Of the group over all its currencies: the same in each of its rows',
      cell: (row, { prepared }) => prepared.marginOf(row)?.grossProfit ?? null,
    },
    {
      name: 'reporting_gross_margin_pct',
      kind: 'decimal',
      description: 'Of the group over all its currencies',
      cell: (row, { prepared }) => prepared.marginOf(row)?.grossMarginPct ?? null,
    },
    {
      name: 'reporting_reason',
      kind: 'text',
      description: 'fx_missing, where the group lacks a rate',
      cell: (row, { prepared }) => ((prepared.marginOf(row)?.missing.length ?? 0) > 0 ? 'fx_missing' : null),
    },
    {
      name: 'fx_missing',
      kind: 'texts',
      description: 'Pair and day of each rate that the group lacks',
      cell: (row, { prepared }) => {
        const missing = prepared.marginOf(row)?.missing ?? [];
        return missing.length === 0 ? null : missing.map(nameMissing);
      },
    },
  ],
  key,
  keyOf: (row) => row.key,
  readRows: async (_tx, { prepared }, { after, limit }) =>
    prepared.rows.filter((row) => after === undefined || compareMarginKeys(row.key, after) > 0).slice(0, limit),
  readTotals: async (_tx, { prepared: { rows, reporting } }): Promise<Record<string, Cell>> => ({
    revenue: marginTotal(rows, 'revenue'),
    cogs: marginTotal(rows, 'cogs'),
    cogs_estimated: marginTotal(rows, 'estimatedCogs'),
    collected: marginTotal(rows, 'collected'),
    ...(reporting === undefined ? {} : reportingTotals(totalMargin(reporting, rows))),
  }),
  linksOf: (row, request) => {
    const [tenantId, provider, code] = row.key;
    const { filter, params } = request;
    const own: FigureFilter = {
      ...filter,
      ...(code === '' ? {} : { currency: code }),
      ...(params.group_by.includes('tenant_id') ? { tenantIds: [tenantId] } : {}),
      ...(provider === '' ? {} : { providers: [provider] }),
    };
    const isOfFees = provider === '' && params.group_by.includes('provider') && params.revenue === 'rated';
    return isOfFees ? { revenue: { of: 'figure', figure: 'fees', filter: own } } : links(params.revenue, own);
  },
  metaOf: ({ params, filter, reader, prepared: { reporting } }) => ({
    links: links(params.revenue, filter),
    members: {
      includes_fixed_costs: reader.tenantId === undefined,
      ...(reporting === undefined ? {} : { fx: reportingJson(reporting) }),
    },
  }),
});

function all({ usage, payments, invoices }: Models): readonly [Model, ...Model[]] {
  return [usage, payments, invoices];
}

async function prepare(tx: Parameters<typeof readMargin>[0], request: ReportRequest<Params>): Promise<Prepared> {
  const { models, filter, source, params, asOf, range, tz } = request;
  // Of every currency: a gross profit, and one in the reporting currency, is of the whole group.
  const everything = await readMargin(tx, {
    source,
    payments: models.payments,
    invoices: models.invoices,
    filter: { ...filter, currency: undefined },
    basis: params.revenue,
    groupBy: params.group_by,
  });
  const rows = everything.filter(
    ({ key: [, , code] }) => filter.currency === undefined || code === filter.currency || code === '',
  );
  const to = params.reporting_currency;
  if (to === undefined) return { rows, reporting: undefined, marginOf: () => undefined };
  const from = everything.map(({ key: [, , code] }) => code);
  const reporting = await readReporting(tx, { currency: to, from, range, asOf, tz });
  return { rows, reporting, marginOf: groupMargins(reporting, everything) };
}

function money({ key: [, , code] }: MarginRow, amount: string): Cell {
  return code === '' ? null : { amount, currency: code };
}

function converted({ key: [, , code] }: MarginRow, amount: string, { prepared: { reporting } }: Request): Cell {
  return reporting === undefined || code === '' ? null : convertTo(reporting, { amount, currency: code }).money;
}

function reportingTotals({ revenue, cogs, grossProfit }: ReportingMargin): Record<string, Cell> {
  return { reporting_revenue: revenue, reporting_cogs: cogs, reporting_gross_profit: grossProfit };
}

function links(revenue: EventFigure, filter: FigureFilter): Record<string, EventsBehind> {
  return {
    revenue: { of: 'figure', figure: revenue, filter },
    cogs: { of: 'figure', figure: 'cost', filter },
    collected: { of: 'figure', figure: 'collected', filter },
    // The link of what is unpriced or uncosted.
    usage: { of: 'figure', figure: 'usage', filter: { ...filter, currency: undefined } },
  };
}
