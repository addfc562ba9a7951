import { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { listOf, text } from '../query-parameters.ts';
import { tableOf } from '../read-models.ts';
import {
  partKey,
  partEventsOf,
  partKeyOf,
  partPage,
  partParameters,
  partSelect,
  partValues,
  rate,
  sumByCurrency,
} from '../receivables/part-select.ts';
import type { Part, Sums } from '../receivables/part-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const OUTCOMES = ['open', 'won', 'lost', 'closed'] as const;

const parameters = {
  ...partParameters,
  status: listOf(text).optional().describe('As the provider tells it, such as needs_response.'),
  outcome: listOf(z.enum(OUTCOMES, `is one of ${OUTCOMES.join(', ')}`)).optional(),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Part &
  Readonly<{
    disputeId: string | null;
    paymentId: string;
    invoiceIds: readonly string[];
    tenantId: string;
    provider: string;
    status: string;
    outcome: string;
    reason: string | null;
    amount: string;
    currency: string;
    openedAt: Date;
    evidenceDueAt: Date | null;
    closedAt: Date | null;
    withdrawn: string | null;
    reinstated: string | null;
    fee: string | null;
    netEffect: string | null;
    moneyCurrency: string | null;
  }>;

/** Chargebacks: what is disputed, until when evidence is wanted, how it ended and what it cost. */
export const disputesReport = defineReport({
  name: 'disputes',
  summary: 'Disputes: what is disputed, until when evidence is due, how it ended and what it cost',
  parameters,
  range: 'all',
  models: ({ payments }) => [payments],
  columns: [
    {
      name: 'dispute_id',
      kind: 'text',
      description: 'None where the provider does not tell it',
      cell: (row: Row) => row.disputeId,
    },
    { name: 'payment_id', kind: 'text', description: 'What is disputed', cell: (row) => row.paymentId },
    { name: 'invoice_ids', kind: 'texts', description: 'Invoices that it pays', cell: (row) => row.invoiceIds },
    { name: 'tenant_id', kind: 'text', description: 'Whose', cell: (row) => row.tenantId },
    { name: 'provider', kind: 'text', description: 'Of which provider', cell: (row) => row.provider },
    { name: 'amount', kind: 'money', description: 'Disputed', cell: (row) => moneyOrNull(row.amount, row.currency) },
    { name: 'status', kind: 'text', description: 'As the provider tells it', cell: (row) => row.status },
    { name: 'outcome', kind: 'text', description: OUTCOMES.join(', '), cell: (row) => row.outcome },
    { name: 'reason', kind: 'text', description: 'As the provider tells it', cell: (row) => row.reason },
    { name: 'opened_at', kind: 'time', description: 'When it was opened', cell: (row) => row.openedAt },
    { name: 'evidence_due_by', kind: 'time', description: 'Until when to answer', cell: (row) => row.evidenceDueAt },
    { name: 'closed_at', kind: 'time', description: 'When it was over', cell: (row) => row.closedAt },
    {
      name: 'withdrawn',
      kind: 'money',
      description: 'Taken; none before it was, and where it was in several currencies',
      cell: (row) => moneyOrNull(row.withdrawn, row.moneyCurrency),
    },
    {
      name: 'reinstated',
      kind: 'money',
      description: 'Given back to us',
      cell: (row) => moneyOrNull(row.reinstated, row.moneyCurrency),
    },
    {
      name: 'fee',
      kind: 'money',
      description: 'Kept by the provider, where it tells',
      cell: (row) => moneyOrNull(row.fee, row.moneyCurrency),
    },
    {
      name: 'net_effect',
      kind: 'money',
      description: 'reinstated less withdrawn and fee',
      cell: (row) => moneyOrNull(row.netEffect, row.moneyCurrency),
    },
  ],
  key: partKey,
  keyOf: (row) => partKeyOf(row),
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select position, part_key as "partKey", stream_key as "streamKey", dispute_id as "disputeId",
         payment_id as "paymentId", invoice_ids as "invoiceIds", tenant_id as "tenantId", provider, status,
         coalesce(outcome, 'open') as outcome, reason, trim_scale(amount)::text as amount, currency,
         opened_at as "openedAt", evidence_due_at as "evidenceDueAt", closed_at as "closedAt",
         trim_scale(withdrawn)::text as withdrawn, trim_scale(reinstated)::text as reinstated,
         trim_scale(fee)::text as fee, trim_scale(reinstated - withdrawn - fee)::text as "netEffect",
         money_currency as "moneyCurrency"
       from (${disputes(request)}) d
       ${partPage(10)}`,
      [...valuesOf(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  readTotals,
  eventsOf: (row) => partEventsOf(row),
});

/** The win rate is of those that were decided: what is open or was closed without a decision is in neither part. */
async function readTotals(tx: Tx, request: Request) {
  const ended = (outcome: string): string => `count(*) filter (where outcome = '${outcome}')`;
  const { rows } = await tx.query<
    Readonly<Record<'disputes' | 'open' | 'won' | 'lost', string>> & {
      win_rate: string | null;
      disputed: Sums;
      withdrawn: Sums;
      reinstated: Sums;
      fees: Sums;
      net_effect: Sums;
    }
  >(
    `with part as (${disputes(request)})
     select count(*)::text as disputes, (count(*) filter (where outcome is null))::text as open,
       (${ended('won')})::text as won, (${ended('lost')})::text as lost,
       ${rate(ended('won'), ended('lost'))} as win_rate,
       ${sumByCurrency('amount', 'currency')} as disputed,
       ${sumByCurrency('withdrawn', 'money_currency')} as withdrawn,
       ${sumByCurrency('reinstated', 'money_currency')} as reinstated,
       ${sumByCurrency('fee', 'money_currency')} as fees,
       ${sumByCurrency('reinstated - withdrawn - fee', 'money_currency')} as net_effect
     from part`,
    valuesOf(request),
  );
  return rows[0] ?? {};
}

function disputes({ models }: Request): string {
  return `
    select * from (${partSelect(tableOf('disputes', models.payments), 'opened_at')}) dispute
    where ($8::text[] is null or status = any ($8::text[]))
      and ($9::text[] is null or coalesce(outcome, 'open') = any ($9::text[]))`;
}

function valuesOf(request: Request): unknown[] {
  const { status, outcome } = request.params;
  return [...partValues(request), status ?? null, outcome ?? null];
}
