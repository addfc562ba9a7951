/** Where a projection keeps money, as lines of differences, and what a line is of. */
export type MoneyTable = Readonly<{
  table: string;
  /** What the lines add up for, such as a fact. */
  key: string;
  /** When it counts. */
  time: string;
  /** Amounts by the name of the figure, each with its column of currencies. */
  amounts: readonly Readonly<{ figure: string; amount: string; currency: string }>[];
}>;

/** By projection; those that are not named keep no money. */
export const MONEY_TABLES: Readonly<Record<string, MoneyTable>> = {
  usage: {
    table: 'usage_lines',
    key: 'fact_key',
    time: 'occurred_at',
    amounts: [
      { figure: 'cost', amount: 'cost', currency: 'cost_currency' },
      { figure: 'rated', amount: 'rated', currency: 'rated_currency' },
    ],
  },
  payments: {
    table: 'payment_lines',
    key: 'stream_key',
    time: 'settled_at',
    amounts: [{ figure: 'cash', amount: 'amount', currency: 'currency' }],
  },
  invoices: {
    table: 'invoice_lines',
    key: 'stream_key',
    time: 'issued_at',
    amounts: [
      { figure: 'billed', amount: 'net', currency: 'currency' },
      { figure: 'tax', amount: 'tax', currency: 'currency' },
    ],
  },
};
