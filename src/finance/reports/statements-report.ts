import { z } from 'zod';
import { MONTH } from '../../domain/month.ts';
import { streamKey } from '../../domain/stream.ts';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { currency } from '../query-parameters.ts';
import { furthestBehind, tableOf } from '../read-models.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';
import { draftStatement } from '../statements/draft-statement.ts';
import { EVERYTHING } from '../periods/read-periods.ts';
import { listDrafts } from '../statements/list-drafts.ts';

const STATUSES = ['issued', 'draft'] as const;

const parameters = {
  status: z.enum(STATUSES, `is one of ${STATUSES.join(', ')}`).default('issued'),
  period: z
    .string('give it once')
    .regex(MONTH, 'is no month, such as 2026-10')
    .optional()
    .describe('A month; of drafts that of now when left out.'),
  currency: currency.optional(),
};
type Params = z.output<z.ZodObject<typeof parameters>>;
type Request = ReportRequest<Params>;
type Key = [string, string, string];

type Row = Readonly<{
  statementId: string | null;
  number: string | null;
  tenantId: string;
  period: string;
  status: (typeof STATUSES)[number];
  currency: string;
  amount: string;
  exact: string;
  cutOff: string;
  issuedAt: Date | null;
  sha256: string | null;
  invoiceId: string | null;
  invoiceNet: string | null;
  invoiceCurrency: string | null;
  unpriced: number | null;
}>;

/** Statements that were issued, or the drafts of a month as they stand. */
export const statementsReport = defineReport({
  name: 'statements',
  summary: 'Billing statements: issued ones with the invoice that bills them, or the drafts of a month as they stand',
  parameters,
  range: 'all',
  models: ({ usage, invoices }) => [usage, invoices],
  columns: [
    { name: 'statement_id', kind: 'text', description: 'None of a draft', cell: (row: Row) => row.statementId },
    { name: 'number', kind: 'text', description: 'For people, by tenant', cell: (row) => row.number },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'period', kind: 'text', description: 'The month', cell: (row) => row.period },
    { name: 'status', kind: 'text', description: STATUSES.join(' or '), cell: (row) => row.status },
    { name: 'amount', kind: 'money', description: 'Rounded', cell: (row) => moneyOrNull(row.amount, row.currency) },
    {
      name: 'exact',
      kind: 'money',
      description: 'Before rounding',
      cell: (row) => moneyOrNull(row.exact, row.currency),
    },
    {
      name: 'cut_off',
      kind: 'integer',
      description: 'Facts above this position are not on it',
      cell: (row) => row.cutOff,
    },
    { name: 'issued_at', kind: 'time', description: 'When it was issued', cell: (row) => row.issuedAt },
    {
      name: 'invoice_id',
      kind: 'text',
      description: "The provider's invoice that bills it",
      cell: (row) => row.invoiceId,
    },
    {
      name: 'invoice_net',
      kind: 'money',
      description: 'Of that invoice, without tax',
      cell: (row) => moneyOrNull(row.invoiceNet, row.invoiceCurrency),
    },
    { name: 'sha256', kind: 'text', description: 'Of its content', cell: (row) => row.sha256 },
    {
      name: 'unpriced_count',
      kind: 'integer',
      description: 'Usage without a price, on no line',
      cell: (row) => row.unpriced,
    },
  ],
  key: z.tuple([z.string(), z.string(), z.string()]),
  keyOf: ({ period, tenantId, currency }): Key => [period, tenantId, currency],
  readRows: (tx, request, page) =>
    request.params.status === 'draft' ? readDrafts(tx, request, page) : readIssued(tx, request, page),
  async readTotals(tx, request) {
    if (request.params.status === 'draft') return {};
    const { rows } = await tx.query<{ amount: string; currency: string }>(
      `select trim_scale(sum(amount))::text as amount, currency from (${issuedSelect}) s group by currency order by currency`,
      valuesOf(request),
    );
    return { amount: rows };
  },
  eventsOf: ({ statementId, tenantId, currency }, { filter }) =>
    statementId === null
      ? { of: 'figure', figure: 'rated', filter: { ...filter, tenantIds: [tenantId], currency } }
      : { of: 'stream', streamKey: statementStream(statementId), upTo: String(EVERYTHING) },
});

function statementStream(statementId: string): string {
  return streamKey({ kind: 'statement', mode: 'live', externalId: statementId });
}

const issuedSelect = `
  select * from hookledger.statement_steps
  where step = 'issued' and cut_off <= $1::bigint and ($2::text[] is null or tenant_id = any ($2::text[]))
    and ($3::text is null or period = $3::text) and ($4::text is null or currency = $4::text)`;

/** A statement is there with its event: nobody waits for a read model to pass it. */
function valuesOf({ filter, params }: Request): unknown[] {
  return [filter.asOf.position, filter.tenantIds ?? null, params.period ?? null, params.currency ?? null];
}

async function readIssued(
  tx: Tx,
  request: Request,
  { after, limit }: { after: Key | undefined; limit: number },
): Promise<readonly Row[]> {
  const { rows } = await tx.query<Row>(
    `select s.statement_id as "statementId", s.number, s.tenant_id as "tenantId", s.period, 'issued' as status, s.currency,
       trim_scale(s.amount)::text as amount, trim_scale(s.exact)::text as exact, s.cut_off as "cutOff",
       s.recorded_at as "issuedAt", s.sha256, l.invoice_id as "invoiceId", trim_scale(i.net)::text as "invoiceNet",
       i.currency as "invoiceCurrency", (s.data -> 'unpriced' ->> 'facts')::integer as unpriced
     from (${issuedSelect}) s
     left join lateral (
       select invoice_provider, invoice_account, invoice_id from hookledger.statement_steps l
       where l.statement_id = s.statement_id and l.step = 'linked' order by l.position desc limit 1
     ) l on true
     left join lateral (
       select net, currency, is_there from ${tableOf('invoices', request.models.invoices)} i
       where i.provider = l.invoice_provider and i.account = l.invoice_account and i.invoice_id = l.invoice_id
         and i.tenant_id = s.tenant_id and i.position <= $1::bigint
       order by i.position desc, i.is_there desc limit 1
     ) i on i.is_there
     where $5::text is null
       or (s.period collate "C", s.tenant_id, s.currency collate "C") > ($5::text, $6::text, $7::text)
     order by s.period collate "C", s.tenant_id, s.currency collate "C"
     limit $8::integer`,
    [...valuesOf(request), ...(after ?? [null, null, null]), limit],
  );
  return rows;
}

async function readDrafts(
  tx: Tx,
  { models, params, filter, tz, asOf }: Request,
  { after, limit }: { after: Key | undefined; limit: number },
): Promise<readonly Row[]> {
  const period = params.period ?? (await monthOf(tx, asOf.recordedAt, tz));
  const model = furthestBehind([models.usage]);
  const keys = await listDrafts(tx, { model, period, tz, asOf, tenantIds: filter.tenantIds });
  const wanted = keys
    .filter(({ currency }) => params.currency === undefined || params.currency === currency)
    .filter((key) => after === undefined || isAfter([period, key.tenantId, key.currency], after))
    .slice(0, limit);
  const rows: Row[] = [];
  for (const { tenantId, currency } of wanted) {
    // oxlint-disable-next-line no-await-in-loop -- one connection answers one question at a time
    const draft = await draftStatement(tx, { model, tenantId, period, tz, currency, rounding: 'half_up', asOf });
    rows.push({
      statementId: null,
      number: null,
      tenantId,
      period,
      status: 'draft',
      currency,
      amount: draft.totals.amount,
      exact: draft.totals.exact,
      cutOff: String(asOf.position),
      issuedAt: null,
      sha256: null,
      invoiceId: null,
      invoiceNet: null,
      invoiceCurrency: null,
      unpriced: draft.unpriced,
    });
  }
  return rows;
}

async function monthOf(tx: Tx, at: Date, tz: string): Promise<string> {
  const { rows } = await tx.query<{ month: string }>(
    `select to_char($1::timestamptz at time zone $2::text, 'YYYY-MM') as month`,
    [at, tz],
  );
  return rows[0]?.month ?? '';
}

function isAfter(a: Key, b: Key): boolean {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at !== -1 && (a[at] ?? '') > (b[at] ?? '');
}
