import type { Decimal } from '../domain/decimal.ts';
import {
  addDecimals,
  compareDecimals,
  formatDecimal,
  parseDecimal,
  subtractDecimals,
  ZERO,
} from '../domain/decimal.ts';
import type { EventData } from '../domain/events.ts';
import { currencyOf } from './invoice-state.ts';
import type { InvoiceState } from './invoice-state.ts';

/** Amounts in the currency of the invoice. */
export type InvoiceBalance = Readonly<{
  /** Of all credit notes that are not void, in all. */
  credited: string;
  /** The part of it that was paid before, and so was given back or kept for the customer. */
  creditedPaid: string;
  fromCustomerBalance: string;
  /** total − paid − fromCustomerBalance − (credited − creditedPaid). */
  balance: string;
  /** What the provider says is settled, and neither money nor credit that we know covers. Of a paid invoice only. */
  settledElsewhere: string;
}>;

/**
 * What is still owed of an invoice. Nothing of a draft or a void one; nothing of one that the provider says is paid, also
 * where its amounts leave a rest: that was settled elsewhere, and is told apart. What was paid too much stays, below zero. Of one that is uncollectible what is owed stays owed. A credit note in another currency than the invoice's
 * lowers nothing here.
 */
export function balanceOf(state: InvoiceState): InvoiceBalance {
  const { report, creditNotes } = state;
  const currency = currencyOf(state);
  const notes = Object.values(creditNotes)
    .map(({ note }) => note)
    .filter((note) => note.status !== 'void' && note.currency === currency);
  const credited = sum(notes.map(({ total }) => total));
  const creditedPaid = sum(notes.map(({ alreadyPaid }) => alreadyPaid ?? '0'));
  const fromCustomerBalance = parseDecimal(report?.invoice.fromCustomerBalance ?? '0');
  const settledOtherwise = addDecimals(fromCustomerBalance, subtractDecimals(credited, creditedPaid));
  const rest = report === undefined ? ZERO : restOf(report.invoice, settledOtherwise);
  const isSettledElsewhere = report?.invoice.status === 'paid' && compareDecimals(rest, ZERO) > 0;
  return {
    credited: formatDecimal(credited),
    creditedPaid: formatDecimal(creditedPaid),
    fromCustomerBalance: formatDecimal(fromCustomerBalance),
    balance: formatDecimal(isSettledElsewhere ? ZERO : rest),
    settledElsewhere: formatDecimal(isSettledElsewhere ? rest : ZERO),
  };
}

function restOf({ status, total, paid }: EventData<'InvoiceFinalized'>, settledOtherwise: Decimal): Decimal {
  if (status === 'draft' || status === 'void') return ZERO;
  return subtractDecimals(parseDecimal(total), addDecimals(parseDecimal(paid), settledOtherwise));
}

function sum(amounts: readonly string[]): Decimal {
  return amounts.map(parseDecimal).reduce(addDecimals, ZERO);
}
