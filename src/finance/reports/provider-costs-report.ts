import { z } from 'zod';
import { streamKey } from '../../domain/stream.ts';
import type { Money } from '../../domain/currency.ts';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../domain/decimal.ts';
import { FIXED_COST_CATEGORIES } from '../../domain/finance-schemas.ts';
import { readProviderCosts } from '../provider-costs/read-provider-costs.ts';
import type { ProviderCost, ProviderCostFilter } from '../provider-costs/read-provider-costs.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const category = z.enum(FIXED_COST_CATEGORIES, `is one of ${FIXED_COST_CATEGORIES.join(', ')}`);

const parameters = {
  provider: listOf(text).optional(),
  component: listOf(text).optional(),
  category: listOf(category).optional(),
  currency: currency.optional(),
  cost_id: listOf(text).optional(),
  voided: z.enum(['true', 'false'], 'is true or false').default('false').describe('Also those that were voided.'),
};
type Params = z.output<z.ZodObject<typeof parameters>>;

/** Fixed costs as they were entered, before they are allocated: of the platform, not of any tenant. */
export const providerCostsReport = defineReport({
  name: 'provider-costs',
  summary: 'Fixed costs as they were entered, with their period and who is to bear them',
  isOfPlatform: true,
  parameters,
  range: 'all',
  models: ({ usage }) => [usage],
  columns: [
    { name: 'cost_id', kind: 'text', description: 'Its id, for ever', cell: (row: ProviderCost) => row.costId },
    { name: 'provider', kind: 'text', description: 'Who charges it', cell: (row) => row.provider },
    { name: 'account', kind: 'text', description: 'On which account', cell: (row) => row.account },
    { name: 'category', kind: 'text', description: FIXED_COST_CATEGORIES.join(', '), cell: (row) => row.category },
    { name: 'component', kind: 'text', description: 'What for', cell: (row) => row.component },
    { name: 'description', kind: 'text', description: 'For people', cell: (row) => row.description },
    {
      name: 'amount',
      kind: 'money',
      description: 'Over the whole period',
      cell: (row) => ({ amount: row.amount, currency: row.currency }),
    },
    { name: 'period_from', kind: 'time', description: 'Included', cell: (row) => row.periodFrom },
    { name: 'period_to', kind: 'time', description: 'Excluded', cell: (row) => row.periodTo },
    {
      name: 'allocation',
      kind: 'text',
      description: 'direct, equal, seats or usage',
      cell: (row) => row.allocation.key,
    },
    { name: 'allocated_to', kind: 'texts', description: 'By what', cell: ({ allocation }) => nameBearers(allocation) },
    { name: 'reference', kind: 'text', description: "Such as the provider's invoice", cell: (row) => row.reference },
    { name: 'entered_by', kind: 'text', description: 'Who entered it', cell: (row) => row.enteredBy },
    { name: 'position', kind: 'integer', description: 'Of the event that entered it', cell: (row) => row.position },
    {
      name: 'void_position',
      kind: 'integer',
      description: 'Of the event that voided it',
      cell: (row) => row.voidPosition,
    },
    { name: 'void_reason', kind: 'text', description: 'Why it was voided', cell: (row) => row.voidReason },
    { name: 'voided_by', kind: 'text', description: 'Who voided it', cell: (row) => row.voidedBy },
  ],
  key: z.string().regex(/^\d{1,18}$/),
  keyOf: ({ position }) => position,
  readRows: (tx, request, page) => readProviderCosts(tx, { ...filterOf(request), ...page }),
  async readTotals(tx, request) {
    const costs = await readProviderCosts(tx, filterOf(request));
    const standing = costs.filter(({ voidPosition }) => voidPosition === null);
    return { costs: String(costs.length), amount: sumByCurrency(standing) };
  },
  eventsOf: ({ costId, position, voidPosition }) => ({
    of: 'stream',
    streamKey: streamKey({ kind: 'provider-cost', mode: 'live', externalId: costId }),
    upTo: voidPosition ?? position,
  }),
});

/** Who or what an allocation goes by, for people. */
export function nameBearers(allocation: ProviderCost['allocation']): readonly string[] | null {
  switch (allocation.key) {
    case 'direct':
      return [allocation.tenantId];
    case 'seats':
      return allocation.seats.map(({ tenantId, seats }) => `${tenantId}=${seats}`);
    case 'usage':
      return [allocation.meter];
    case 'equal':
      return null;
  }
}

function filterOf({ filter, params }: ReportRequest<Params>): ProviderCostFilter {
  return {
    upTo: filter.asOf.position,
    range: filter.range,
    providers: params.provider,
    components: params.component,
    categories: params.category,
    currency: params.currency,
    costIds: params.cost_id,
    withVoided: params.voided === 'true',
  };
}

function sumByCurrency(costs: readonly ProviderCost[]): readonly Money[] {
  return [...Map.groupBy(costs, (cost) => cost.currency)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, members]) => ({
      amount: formatDecimal(members.map(({ amount }) => parseDecimal(amount)).reduce(addDecimals, ZERO)),
      currency: code,
    }));
}
