import { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { balanceTransactionSelect } from '../payouts/balance-transaction-select.ts';
import { sumByCurrency } from '../receivables/part-select.ts';
import type { Sums } from '../receivables/part-select.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

const parameters = {
  payout_id: listOf(text).optional(),
  category: listOf(text).optional().describe('reporting_category of the provider, such as charge or dispute.'),
  currency: currency.optional(),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Readonly<{
  streamKey: string;
  position: string;
  transactionId: string;
  payoutId: string | null;
  provider: string;
  account: string;
  category: string;
  gross: string;
  fee: string;
  net: string;
  currency: string;
  createdAt: Date | null;
  availableAt: Date | null;
  sourceId: string | null;
  description: string | null;
}>;

/** What moved the balance at the provider, as its reports that were imported list it. */
export const payoutTransactionsReport = defineReport({
  name: 'payouts/transactions',
  summary: 'What moved the balance at the provider, one by one, and the payout that each is in',
  isOfPlatform: true,
  parameters,
  range: 'all',
  models: ({ payouts }) => [payouts],
  columns: [
    { name: 'transaction_id', kind: 'text', description: "The provider's id", cell: (row: Row) => row.transactionId },
    { name: 'payout_id', kind: 'text', description: 'None while it is not known', cell: (row) => row.payoutId },
    { name: 'provider', kind: 'text', description: 'Whose report it is', cell: (row) => row.provider },
    { name: 'account', kind: 'text', description: 'Of which account', cell: (row) => row.account },
    { name: 'category', kind: 'text', description: 'reporting_category of the provider', cell: (row) => row.category },
    { name: 'gross', kind: 'money', description: 'Before fees', cell: (row) => moneyOrNull(row.gross, row.currency) },
    {
      name: 'fee',
      kind: 'money',
      description: 'Kept by the provider',
      cell: (row) => moneyOrNull(row.fee, row.currency),
    },
    { name: 'net', kind: 'money', description: 'gross less fee', cell: (row) => moneyOrNull(row.net, row.currency) },
    { name: 'created_at', kind: 'time', description: 'When the balance changed', cell: (row) => row.createdAt },
    { name: 'available_at', kind: 'time', description: 'When it could be paid out', cell: (row) => row.availableAt },
    { name: 'source_id', kind: 'text', description: 'The payment, refund or dispute', cell: (row) => row.sourceId },
    { name: 'description', kind: 'text', description: 'As the provider writes it', cell: (row) => row.description },
  ],
  key: z.string().min(1),
  keyOf: ({ streamKey }) => streamKey,
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select stream_key as "streamKey", position, transaction_id as "transactionId", payout_id as "payoutId", provider,
         account, category, trim_scale(gross)::text as gross, trim_scale(fee)::text as fee,
         trim_scale(net)::text as net, currency, created_at as "createdAt", available_at as "availableAt",
         source_id as "sourceId", description
       from (${transactions}) t
       where $8::text is null or stream_key > $8::text
       order by stream_key
       limit $9::integer`,
      [...valuesOf(request), after ?? null, limit],
    );
    return rows;
  },
  async readTotals(tx: Tx, request) {
    const { rows } = await tx.query<{ transactions: string; gross: Sums; fee: Sums; net: Sums }>(
      `with part as (${transactions})
       select (select count(*) from part)::text as transactions, ${sumByCurrency('gross', 'currency')} as gross,
         ${sumByCurrency('fee', 'currency')} as fee, ${sumByCurrency('net', 'currency')} as net`,
      valuesOf(request),
    );
    return rows[0] ?? { transactions: '0', gross: [], fee: [], net: [] };
  },
  eventsOf: ({ streamKey, position }) => ({ of: 'stream', streamKey, upTo: position }),
});

/** A transaction whose time is not told is in every range. */
const transactions = `
  select * from (${balanceTransactionSelect({ mode: '$1::text', upTo: '$2::bigint' })}) t
  where coalesce(created_at, available_at, '-infinity') < $4::timestamptz
    and coalesce(created_at, available_at, 'infinity') >= $3::timestamptz
    and ($5::text[] is null or payout_id = any ($5::text[]))
    and ($6::text[] is null or category = any ($6::text[]))
    and ($7::text is null or currency = $7::text)`;

function valuesOf({ filter, asOf, range, params }: Request): unknown[] {
  return [
    filter.mode,
    String(asOf.position),
    range.from,
    range.to,
    params.payout_id ?? null,
    params.category ?? null,
    params.currency ?? null,
  ];
}
