import { z } from 'zod';
import type { Tx } from '../../platform/postgres.ts';
import { moneyOrNull } from '../money-cell.ts';
import { balanceTransactionSelect } from '../payouts/balance-transaction-select.ts';
import { text } from '../query-parameters.ts';
import { latestSelect, tableOf } from '../read-models.ts';
import { defineReport } from '../report.ts';
import type { Cell, ReportRequest } from '../report.ts';

const parameters = {
  payout_id: text.describe("The provider's id of the payout, such as po_1Ab."),
  provider: text.default('stripe'),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof parameters>>>;

type Row = Readonly<{
  category: string;
  currency: string;
  count: string;
  gross: string;
  fee: string;
  net: string;
}>;

/** What a payout consists of, as the balance report that was imported lists it, against what was paid out. */
export const payoutReconciliationReport = defineReport({
  name: 'payouts/reconciliation',
  summary: 'What a payout consists of by reporting category, and the difference to what was paid out',
  isOfPlatform: true,
  parameters,
  range: 'all',
  models: ({ payouts }) => [payouts],
  columns: [
    {
      name: 'category',
      kind: 'text',
      description: 'reporting_category of the provider: charge, refund, dispute, fee, …',
      cell: (row: Row) => row.category,
    },
    { name: 'transactions', kind: 'integer', description: 'How many', cell: (row) => row.count },
    { name: 'gross', kind: 'money', description: 'Before fees', cell: (row) => moneyOrNull(row.gross, row.currency) },
    {
      name: 'fee',
      kind: 'money',
      description: 'Kept by the provider',
      cell: (row) => moneyOrNull(row.fee, row.currency),
    },
    { name: 'net', kind: 'money', description: 'gross less fee', cell: (row) => moneyOrNull(row.net, row.currency) },
  ],
  key: z.tuple([z.string(), z.string()]),
  keyOf: ({ category, currency }): [string, string] => [category, currency],
  async readRows(tx, request, { after, limit }) {
    const { rows } = await tx.query<Row>(
      `select category, currency, count(*)::text as count, trim_scale(sum(gross))::text as gross,
         trim_scale(sum(fee))::text as fee, trim_scale(sum(net))::text as net
       from (${transactionsOfPayout}) t
       where $5::text is null or (category, currency) > ($5::text, $6::text)
       group by category, currency
       order by category, currency
       limit $7::integer`,
      [...valuesOf(request), ...(after ?? [null, null]), limit],
    );
    return rows;
  },
  readTotals,
});

/** Why there is no difference to name. */
type Reason = 'payout_unknown' | 'no_transactions_imported' | 'currency_mismatch';

async function readTotals(tx: Tx, request: Request): Promise<Readonly<Record<string, Cell>>> {
  const { rows } = await tx.query<{
    status: string | null;
    amount: string | null;
    currency: string | null;
    currencies: readonly string[];
    net: string | null;
    difference: string | null;
  }>(
    `with payout as (
       select status, amount, currency
       from (${latestSelect(tableOf('payouts', request.models.payouts), { key: 'thing', upTo: '$4::bigint' })}) p
       where payout_id = $1::text and provider = $2::text and mode = $3::text and books = 'platform'
     ),
     transactions as (
       select coalesce(array_agg(distinct currency), '{}') as currencies, sum(net) as net from (${transactionsOfPayout}) t
     )
     select p.status, trim_scale(p.amount)::text as amount, p.currency, t.currencies, trim_scale(t.net)::text as net,
       trim_scale(t.net - p.amount)::text as difference
     from transactions t left join payout p on true`,
    valuesOf(request),
  );
  const [row] = rows;
  const [currency, ...others] = row?.currencies ?? [];
  const reason = reasonOf();
  return {
    status: row?.status ?? null,
    net: others.length > 0 ? null : moneyOrNull(row?.net ?? null, currency ?? null),
    payout_amount: moneyOrNull(row?.amount ?? null, row?.currency ?? null),
    difference: reason === null ? moneyOrNull(row?.difference ?? null, currency ?? null) : null,
    reason,
  };

  function reasonOf(): Reason | null {
    if (row === undefined || row.amount === null) return 'payout_unknown';
    if (currency === undefined) return 'no_transactions_imported';
    return others.length > 0 || currency !== row.currency ? 'currency_mismatch' : null;
  }
}

/** A payout may be listed among its own transactions: it is what they come to, and not one of them. */
const transactionsOfPayout = `
  select * from (${balanceTransactionSelect({ mode: '$3::text', upTo: '$4::bigint' })}) latest
  where payout_id = $1::text and provider = $2::text and category <> 'payout'`;

function valuesOf({ params, filter, asOf }: Request): unknown[] {
  return [params.payout_id, params.provider, filter.mode, String(asOf.position)];
}
