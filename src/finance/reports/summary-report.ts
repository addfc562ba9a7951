import { z } from 'zod';
import type { EventFigure } from '../figure-events.ts';
import { convertTo, nameMissing, readReporting, reportingCurrency, reportingJson } from '../fx/reporting-currency.ts';
import type { Reporting } from '../fx/reporting-currency.ts';
import { currency } from '../query-parameters.ts';
import type { Model, Models } from '../read-models.ts';
import { groupMargins, totalMargin } from '../reporting-margin.ts';
import type { ReportingMargin } from '../reporting-margin.ts';
import { definePreparedReport } from '../report.ts';
import type { Cell, EventsBehind, ReportRequest } from '../report.ts';
import { FIGURES, readSummary, totalOf } from '../summary.ts';
import type { SummaryRow } from '../summary.ts';
import type { Tx } from '../../platform/postgres.ts';

const parameters = { currency: currency.optional(), reporting_currency: reportingCurrency };
type Params = z.output<z.ZodObject<typeof parameters>>;
type Prepared = Readonly<{
  rows: readonly SummaryRow[];
  reporting: Reporting | undefined;
  /** Of the tenant of a row, over all its currencies. */
  marginOf(row: SummaryRow): ReportingMargin | undefined;
}>;
type Request = ReportRequest<Params, Prepared>;

const key: z.ZodType<readonly [string, string]> = z.tuple([z.string(), z.string()]);

/** Rated, billed, collected and cost of each tenant and currency, side by side. */
export const summaryReport = definePreparedReport({
  name: 'summary',
  summary: 'Rated, billed, collected and cost of each tenant and currency',
  parameters,
  range: 'month',
  hasBasis: true,
  models: all,
  narrow: (params: Params) => ({ currency: params.currency }),
  prepare,
  columns: [
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row: SummaryRow) => row.tenantId },
    { name: 'currency', kind: 'text', description: 'Of all amounts of the row', cell: (row) => row.currency },
    {
      name: 'rated',
      kind: 'money',
      description: 'Priced usage and fees: accrued',
      cell: (row) => money(row, row.rated),
    },
    { name: 'billed', kind: 'money', description: 'On invoices, net of tax', cell: (row) => money(row, row.billed) },
    { name: 'tax', kind: 'money', description: 'On the same invoices', cell: (row) => money(row, row.tax) },
    {
      name: 'collected',
      kind: 'money',
      description: 'Cash received less refunds, by settlement date',
      cell: (row) => money(row, row.collected),
    },
    {
      name: 'cost',
      kind: 'money',
      description: 'What providers charge us, allocated fixed costs included',
      cell: (row) => money(row, row.cost),
    },
    {
      name: 'gross_profit',
      kind: 'money',
      description: 'rated less cost; none of a tenant of several currencies',
      cell: (row) => (row.grossProfit === undefined ? null : money(row, row.grossProfit)),
    },
    { name: 'gross_profit_basis', kind: 'text', description: 'What counts as revenue', cell: () => 'rated' },
    {
      name: 'gross_profit_reason',
      kind: 'text',
      description: 'Why there is none: currency_mismatch',
      cell: (row) => (row.grossProfit === undefined ? 'currency_mismatch' : null),
    },
    ...(['rated', 'billed', 'cost'] as const).map((figure) => ({
      name: `reporting_${figure}`,
      kind: 'money' as const,
      description: `${figure} in reporting_currency`,
      cell: (row: SummaryRow, { prepared: { reporting } }: Request): Cell =>
        reporting === undefined ? null : convertTo(reporting, { amount: row[figure], currency: row.currency }).money,
    })),
    {
      name: 'reporting_gross_profit',
      kind: 'money',
      description: 'Of the tenant over all its currencies: the same in each of its rows',
      cell: (row, { prepared }) => prepared.marginOf(row)?.grossProfit ?? null,
    },
    {
      name: 'reporting_reason',
      kind: 'text',
      description: 'fx_missing, where the tenant lacks a rate for its gross profit',
      cell: (row, { prepared }) => ((prepared.marginOf(row)?.missing.length ?? 0) > 0 ? 'fx_missing' : null),
    },
    {
      name: 'fx_missing',
      kind: 'texts',
      description: 'Pair and day of each rate that the tenant lacks for it',
      cell: (row, { prepared }) => {
        const missing = prepared.marginOf(row)?.missing ?? [];
        return missing.length === 0 ? null : missing.map(nameMissing);
      },
    },
  ],
  key,
  keyOf: (row): readonly [string, string] => [row.tenantId, row.currency],
  readRows: async (_tx, { prepared }, { after, limit }) =>
    prepared.rows.filter((row) => after === undefined || isAfter(row, after)).slice(0, limit),
  readTotals: async (_tx, { prepared: { rows, reporting } }): Promise<Record<string, Cell>> => ({
    ...Object.fromEntries(FIGURES.map((figure) => [figure, totalOf(rows, figure)])),
    ...(reporting === undefined ? {} : reportingTotals(totalMargin(reporting, rows.map(amountsOf)))),
  }),
  linksOf: (row, { filter }) => {
    const own = { ...filter, tenantIds: [row.tenantId], currency: row.currency };
    const events = (figure: EventFigure): EventsBehind => ({ of: 'figure', figure, filter: own });
    return {
      events: events('summary'),
      rated: events('rated'),
      billed: events('billed'),
      collected: events('collected'),
      cost: events('cost'),
    };
  },
  metaOf: ({ filter, reader, prepared: { reporting } }) => ({
    links: { events: { of: 'figure', figure: 'summary', filter } },
    members: {
      includes_fixed_costs: reader.tenantId === undefined,
      ...(reporting === undefined ? {} : { fx: reportingJson(reporting) }),
    },
  }),
});

function all({ usage, payments, invoices }: Models): readonly [Model, ...Model[]] {
  return [usage, payments, invoices];
}

async function prepare(tx: Tx, request: ReportRequest<Params>): Promise<Prepared> {
  const { models, filter, source, params, asOf, range, tz } = request;
  // Of every currency: a gross profit, and one in the reporting currency, is of the whole tenant.
  const everything = await readSummary(tx, {
    source,
    payments: models.payments,
    invoices: models.invoices,
    filter: { ...filter, currency: undefined },
  });
  const rows = everything.filter((row) => filter.currency === undefined || row.currency === filter.currency);
  const to = params.reporting_currency;
  if (to === undefined) return { rows, reporting: undefined, marginOf: () => undefined };
  const from = everything.map((row) => row.currency);
  const reporting = await readReporting(tx, { currency: to, from, range, asOf, tz });
  const margins = groupMargins(reporting, everything.map(amountsOf));
  return { rows, reporting, marginOf: (row) => margins(amountsOf(row)) };
}

function amountsOf({ tenantId, currency: code, rated, cost }: SummaryRow) {
  return { key: [tenantId, '', code] as const, revenue: rated, cogs: cost };
}

function reportingTotals({ revenue, cogs, grossProfit }: ReportingMargin): Record<string, Cell> {
  return { reporting_rated: revenue, reporting_cost: cogs, reporting_gross_profit: grossProfit };
}

function money({ currency: code }: SummaryRow, amount: string): Cell {
  return { amount, currency: code };
}

function isAfter(row: SummaryRow, [tenantId, code]: readonly [string, string]): boolean {
  return row.tenantId > tenantId || (row.tenantId === tenantId && row.currency > code);
}
