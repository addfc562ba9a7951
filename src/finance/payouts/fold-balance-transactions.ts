import type { EventData } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';

export type ReportedTransaction = Readonly<{
  position: bigint;
  streamKey: string;
  provider: string;
  account: string;
  mode: string;
  data: EventData<'BalanceTransactionReported'>;
}>;

/** Folds `BalanceTransactionReported` events into their table, which keeps them all. Safe to repeat. */
export async function foldBalanceTransactions(tx: Tx, reported: readonly ReportedTransaction[]): Promise<void> {
  const rows = reported.map(({ position, streamKey, provider, account, mode, data }) => ({
    position: String(position),
    stream_key: streamKey,
    provider,
    account,
    mode,
    transaction_id: data.transactionId,
    payout_id: data.payoutId,
    category: data.category,
    gross: data.gross,
    fee: data.fee,
    net: data.net,
    currency: data.currency,
    created_at: data.createdAt,
    available_at: data.availableAt,
    source_id: data.sourceId,
    description: data.description,
    tenant_id: 'unassigned',
  }));
  await tx.query(
    `insert into hookledger.balance_transactions
     select * from json_populate_recordset(null::hookledger.balance_transactions, $1::json)
     on conflict on constraint balance_transactions_pkey do nothing`,
    [JSON.stringify(rows)],
  );
}
