import type { Models } from '../read-models.ts';
import { tableOf } from '../read-models.ts';

/** The lines of one read model as amounts: (position, line_no, event_id, cause, <time>, tenant_id, provider, meter, …). */
export type MoneyLines = Readonly<{
  name: 'usage' | 'billed' | 'cash';
  /** A sub-select; its only parameters are those in `where`. */
  lines: string;
  /** Its column with the line's own time. */
  time: string;
}>;

/**
 * SQL: every line of money of our own books, one row for each figure that it moves. `where` bounds whose lines and up to
 * which position, over the columns mode, books, tenant_id, provider and position, which all three tables have.
 */
export function moneyLines({ usage, payments, invoices }: Models, where: string): readonly MoneyLines[] {
  return [
    {
      name: 'usage',
      time: 'occurred_at',
      lines: `
        select u.position, u.line_no, u.event_id, u.cause, u.occurred_at, u.tenant_id, u.provider, u.meter,
          u.unit, u.quantity, f.figure, f.currency, f.amount
        from ${tableOf('usage_lines', usage)} u
        cross join lateral (values ('rated', u.rated_currency, u.rated), ('cost', u.cost_currency, u.cost),
          ('cost_estimated', case u.cost_status when 'estimated' then u.cost_currency else '' end, u.cost)
        ) f (figure, currency, amount)
        where ${where} and f.currency <> '' and f.amount <> 0`,
    },
    {
      name: 'billed',
      time: 'issued_at',
      lines: `
        select i.position, i.line_no, i.event_id, i.kind as cause, i.issued_at, i.tenant_id, i.provider,
          null::text as meter, null::text as unit, null::numeric as quantity, f.figure, i.currency, f.amount
        from ${tableOf('invoice_lines', invoices)} i
        cross join lateral (values ('billed', i.net), ('tax', i.tax)) f (figure, amount)
        where ${where}`,
    },
    {
      name: 'cash',
      time: 'settled_at',
      lines: `
        select p.position, p.line_no, p.event_id, p.kind as cause, p.settled_at, p.tenant_id, p.provider,
          null::text as meter, null::text as unit, null::numeric as quantity, ${CASH_FIGURE} as figure, p.currency, p.amount
        from ${tableOf('payment_lines', payments)} p
        where ${where}`,
    },
  ];
}

const CASH_FIGURE = `case p.kind when 'payment' then 'collected' when 'refund' then 'refunded'
  when 'dispute' then 'disputed' else 'fees' end`;
