import { z } from 'zod';
import { formatDecimal, negateDecimal, parseDecimal } from '../../domain/decimal.ts';
import { PERIOD_FIGURES } from '../../domain/finance-schemas.ts';
import type { Tx } from '../../platform/postgres.ts';
import { resolveAsOf } from '../as-of.ts';
import type { AsOf } from '../as-of.ts';
import type { EventFigure } from '../figure-events.ts';
import { readAccruals } from '../accruals.ts';
import { moneyOrNull } from '../money-cell.ts';
import { ParameterError } from '../parameter-error.ts';
import { moneyLines } from '../periods/money-lines.ts';
import { asOf as asOfParameter, currency, listOf, text } from '../query-parameters.ts';
import { furthestBehind } from '../read-models.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const parameters = {
  as_of_a: asOfParameter.describe('The earlier point: a position of the log, or a time. The later one is as_of.'),
  provider: listOf(text).optional(),
  figure: listOf(z.enum(PERIOD_FIGURES, `is one of ${PERIOD_FIGURES.join(', ')}`)).optional(),
  currency: currency.optional(),
};
type Params = z.output<z.ZodObject<typeof parameters>>;
type Request = ReportRequest<Params>;
type Key = [string, string, string, string];

type Row = Readonly<{
  tenantId: string;
  provider: string;
  figure: (typeof PERIOD_FIGURES)[number];
  currency: string;
  a: string;
  b: string;
  delta: string;
  events: string;
  asOfA: string;
}>;

/** What a range said at one point, what it says at a later one, and the events that make the difference. */
export const compareReport = defineReport({
  name: 'compare',
  summary: 'What was reported at an earlier point, what is known now, and the events that make the difference',
  parameters,
  range: 'month',
  models: ({ usage, payments, invoices }) => [usage, payments, invoices],
  columns: [
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row: Row) => row.tenantId },
    {
      name: 'provider',
      kind: 'text',
      description: 'Of which provider; none for fees of a plan',
      cell: (row) => (row.provider === '' ? null : row.provider),
    },
    { name: 'figure', kind: 'text', description: PERIOD_FIGURES.join(', '), cell: (row) => row.figure },
    { name: 'a', kind: 'money', description: 'As of as_of_a', cell: (row) => moneyOrNull(row.a, row.currency) },
    { name: 'b', kind: 'money', description: 'As of as_of', cell: (row) => moneyOrNull(row.b, row.currency) },
    { name: 'delta', kind: 'money', description: 'b less a', cell: (row) => moneyOrNull(row.delta, row.currency) },
    { name: 'event_count', kind: 'integer', description: 'Events that make it', cell: (row) => row.events },
  ],
  key: z.tuple([z.string(), z.string(), z.string(), z.string()]),
  keyOf: (row): Key => [row.tenantId, row.provider, row.figure, row.currency],
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `with ${differences(request)}
       select tenant_id as "tenantId", provider, figure, currency, trim_scale(a)::text as a, trim_scale(b)::text as b,
         trim_scale(b - a)::text as delta, events::text as events, $4::text as "asOfA"
       from difference
       where $11::text is null or (tenant_id, provider, figure, currency) > ($11::text, $12::text, $13::text, $14::text)
       order by tenant_id, provider, figure, currency
       limit $15::integer`,
      [...(await valuesOf(tx, request)), ...(after ?? [null, null, null, null]), limit],
    );
    return rows;
  },
  async readTotals(tx, request) {
    const { rows } = await tx.query<{ figure: string; currency: string; amount: string }>(
      `with ${differences(request)}
       select figure, currency, trim_scale(sum(b - a))::text as amount from difference
       group by figure, currency order by figure, currency`,
      await valuesOf(tx, request),
    );
    return Object.fromEntries(
      Map.groupBy(rows, ({ figure }) => figure)
        .entries()
        .map(([figure, sums]) => [figure, sums.map(({ amount, currency }) => ({ amount, currency }))]),
    );
  },
  eventsOf: (row, { filter }) => ({
    of: 'figure',
    figure: EVENTS_OF[row.figure],
    filter: {
      ...filter,
      tenantIds: [row.tenantId],
      ...(row.provider === '' ? {} : { providers: [row.provider] }),
      currency: row.currency,
    },
    positionFrom: BigInt(row.asOfA) + 1n,
  }),
});

const EVENTS_OF: Readonly<Record<Row['figure'], EventFigure>> = {
  rated: 'rated',
  cost: 'cost',
  cost_estimated: 'cost',
  billed: 'billed',
  tax: 'billed',
  collected: 'collected',
  refunded: 'collected',
  disputed: 'collected',
  fees: 'collected',
};

function differences(request: Request): string {
  const where = `mode = $1::text and books = 'platform' and position <= $5::bigint
    and ($6::text[] is null or tenant_id = any ($6::text[]))
    and ($7::text[] is null or provider = any ($7::text[]))`;
  const parts = moneyLines(request.models, where).map(
    ({ lines, time }) => `
      select position, event_id, tenant_id, provider, figure, currency, amount
      from (${lines}) l where ${time} >= $2::timestamptz and ${time} < $3::timestamptz`,
  );
  return `amount as (
      ${parts.join(' union all ')}
      union all
      -- Fees and what is rated by the month come of the plans and quantities as they were known, and of no line.
      select case when is_a then 0 else $5::bigint end, null, tenant_id, provider, 'rated', currency, amount
      from json_to_recordset($10::json) a (is_a boolean, tenant_id text, provider text, currency text, amount numeric)
    ),
    difference as (
      select tenant_id, provider collate "C" as provider, figure collate "C" as figure, currency collate "C" as currency,
        coalesce(sum(amount) filter (where position <= $4::bigint), 0) as a, sum(amount) as b,
        count(distinct event_id) filter (where position > $4::bigint) as events
      from amount
      where ($8::text[] is null or figure = any ($8::text[])) and ($9::text is null or currency = $9::text)
      group by 1, 2, 3, 4
      having coalesce(sum(amount) filter (where position > $4::bigint), 0) <> 0
    )`;
}

/** Of $1 to $10. The fees at b less those at a stand above a. */
async function valuesOf(tx: Tx, request: Request): Promise<unknown[]> {
  const { filter, params, asOf } = request;
  const earlier = await resolveEarlier(tx, request);
  const model = request.models.usage;
  const wanted = { ...filter, providers: params.provider };
  const at = (position: bigint) =>
    readAccruals(tx, { model, filter: { ...wanted, asOf: { position, recordedAt: asOf.recordedAt } } });
  const a = await at(earlier.position);
  const b = await at(asOf.position);
  const accruals = [
    ...a.map((each) => ({ ...each, isA: true })),
    ...a.map((each) => ({ ...each, isA: false, amount: formatDecimal(negateDecimal(parseDecimal(each.amount))) })),
    ...b.map((each) => ({ ...each, isA: false })),
  ];
  return [
    filter.mode,
    filter.range.from,
    filter.range.to,
    earlier.position,
    asOf.position,
    filter.tenantIds ?? null,
    params.provider ?? null,
    params.figure ?? null,
    params.currency ?? null,
    JSON.stringify(accruals.map(({ tenantId, isA, ...each }) => ({ tenant_id: tenantId, is_a: isA, ...each }))),
  ];
}

async function resolveEarlier(tx: Tx, { params, models, asOf, clock }: Request): Promise<AsOf> {
  const { position } = furthestBehind([models.usage, models.payments, models.invoices]);
  const earlier = await resolveAsOf(tx, params.as_of_a, { modelPosition: position, now: clock.now() });
  if (earlier.position > asOf.position) {
    throw new ParameterError('as_of_a', `stands at ${earlier.position}, after as_of (${asOf.position}); swap the two.`);
  }
  return earlier;
}
