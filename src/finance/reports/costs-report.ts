import { z } from 'zod';
import { COST_GROUPS, readCosts, readCostTotals } from '../costs.ts';
import type { CostKey, CostRow } from '../costs.ts';
import { windowAt } from '../open-figures.ts';
import type { SpreadCosts } from '../provider-costs/cost-share-select.ts';
import { readSpreadCosts } from '../provider-costs/read-spread-costs.ts';
import { currency, groupsOf, listOf, text } from '../query-parameters.ts';
import { definePreparedReport } from '../report.ts';
import type { EventsBehind, ReportRequest } from '../report.ts';
import { COST_CATEGORIES, COST_STATUSES } from '../usage-source.ts';

const costStatus = z.enum(COST_STATUSES, `is one of ${COST_STATUSES.join(', ')}`);
const category = z.enum(COST_CATEGORIES, `is one of ${COST_CATEGORIES.join(', ')}`);

const parameters = {
  provider: listOf(text).optional(),
  component: listOf(text).optional().describe('What the provider charges for, such as llm, tts or numbers.'),
  currency: currency.optional(),
  cost_status: costStatus.optional().describe('Final by the provider, or estimated by a cost rate; both without it.'),
  category: listOf(category).optional().describe('usage, or a category of fixed costs; all without it.'),
  group_by: groupsOf(COST_GROUPS),
};
type Params = z.output<z.ZodObject<typeof parameters>>;
type Prepared = Readonly<{ shares: SpreadCosts }>;
type Request = ReportRequest<Params, Prepared>;

const key: z.ZodType<CostKey> = z.tuple([
  z.number().int(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  costStatus,
  category,
]);

/** What providers charge us, by window, tenant, provider, component, currency, status and category. */
export const costsReport = definePreparedReport({
  name: 'costs',
  summary: 'What providers charge us: by usage, and fixed costs as they are allocated to tenants',
  parameters,
  range: 'month',
  hasBasis: true,
  defaultWindow: 'day',
  models: ({ usage }) => [usage],
  narrow: (params: Params) => ({
    providers: params.provider,
    meters: params.component,
    currency: params.currency,
    costStatus: params.cost_status,
    categories: params.category,
  }),
  async prepare(tx, { models, filter, windowStarts }): Promise<Prepared> {
    return { shares: await readSpreadCosts(tx, { usage: models.usage, filter, windowStarts }) };
  },
  columns: [
    {
      name: 'window_start',
      kind: 'time',
      description: 'Included',
      cell: (row: CostRow, request) => windowAt(request, row.key[0]).from,
    },
    {
      name: 'window_end',
      kind: 'time',
      description: 'Excluded',
      cell: (row, request) => windowAt(request, row.key[0]).to,
    },
    {
      name: 'tenant_id',
      kind: 'text',
      description: 'Who caused it, or bears it',
      cell: (row, request) => groupsOfRow(row, request).tenant_id,
    },
    {
      name: 'provider',
      kind: 'text',
      description: 'Who charges it',
      cell: (row, request) => groupsOfRow(row, request).provider,
    },
    {
      name: 'component',
      kind: 'text',
      description: 'What for',
      cell: (row, request) => groupsOfRow(row, request).component,
    },
    {
      name: 'unit',
      kind: 'text',
      description: 'Of the quantity; none of a fixed cost',
      cell: ({ key: [, , , , unit], quantity }) => (quantity === null ? null : unit),
    },
    { name: 'quantity', kind: 'decimal', description: 'None of a fixed cost', cell: (row) => row.quantity },
    {
      name: 'cost',
      kind: 'money',
      description: 'Unrounded',
      cell: ({ cost, key: [, , , , , code] }) => ({ amount: cost, currency: code }),
    },
    { name: 'cost_status', kind: 'text', description: 'estimated or final', cell: (row) => row.key[6] },
    { name: 'category', kind: 'text', description: COST_CATEGORIES.join(', '), cell: (row) => row.key[7] },
    { name: 'event_count', kind: 'integer', description: 'Facts, or entries of fixed costs', cell: (row) => row.facts },
    { name: 'line_count', kind: 'integer', description: 'Lines behind the figure', cell: (row) => row.lines },
  ],
  key,
  keyOf: (row) => row.key,
  readRows: (tx, request, { after, limit }) =>
    readCosts(tx, {
      source: request.source,
      filter: request.filter,
      windowStarts: request.windowStarts,
      groupBy: request.params.group_by,
      shares: request.prepared.shares,
      after,
      limit,
    }),
  readTotals: (tx, { source, filter, prepared }) => readCostTotals(tx, { source, filter, shares: prepared.shares }),
  eventsOf,
  metaOf: ({ filter, reader }) => ({
    links: { events: { of: 'figure', figure: 'cost', filter } },
    // What the platform pays for all tenants together is its own affair.
    members: { includes_fixed_costs: reader.tenantId === undefined },
  }),
});

function groupsOfRow({ key: [, tenantId, provider, component] }: CostRow, { params }: Request) {
  return {
    tenant_id: params.group_by.includes('tenant_id') ? tenantId : null,
    provider: params.group_by.includes('provider') ? provider : null,
    component: params.group_by.includes('component') ? component : null,
  };
}

function eventsOf(row: CostRow, request: Request): EventsBehind {
  const { filter } = request;
  const [index, , , , unit, code, status, ofCategory] = row.key;
  const groups = groupsOfRow(row, request);
  return {
    of: 'figure',
    figure: 'cost',
    ...(ofCategory === 'usage' ? { unit } : {}),
    filter: {
      ...filter,
      range: windowAt(request, index),
      currency: code,
      costStatus: status,
      categories: [ofCategory],
      tenantIds: groups.tenant_id === null ? filter.tenantIds : [groups.tenant_id],
      providers: groups.provider === null ? filter.providers : [groups.provider],
      meters: groups.component === null ? filter.meters : [groups.component],
    },
  };
}
