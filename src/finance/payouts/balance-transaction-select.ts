/** SQL: each transaction of a balance once, as it was last reported at or below a position. Both are expressions. */
export function balanceTransactionSelect({ mode, upTo }: { mode: string; upTo: string }): string {
  return `
    select distinct on (stream_key) * from hookledger.balance_transactions
    where position <= ${upTo} and mode = ${mode}
    order by stream_key desc, position desc`;
}
