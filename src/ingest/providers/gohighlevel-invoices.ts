import { compareDecimals, formatDecimal, parseDecimal, subtractDecimals, ZERO } from '../../domain/decimal.ts';
import type { EventData } from '../../domain/events.ts';
import { factKey } from '../../domain/facts.ts';
import type { GohighlevelMapping } from './gohighlevel-event.ts';
import { gohighlevelStream } from './gohighlevel-event.ts';
import type { Invoice } from './gohighlevel-shapes.ts';

type Issued = Readonly<{
  type: 'InvoiceFinalized' | 'InvoicePaid' | 'InvoiceVoided';
  rank: number;
  status: EventData<'InvoicePaid'>['status'];
}>;

/** The rank follows the life of an invoice: the later state wins, whichever came first. */
const SENT: Issued = { type: 'InvoiceFinalized', rank: 10, status: 'open' };
const PARTIALLY_PAID: Issued = { type: 'InvoiceFinalized', rank: 20, status: 'open' };
const PAID: Issued = { type: 'InvoicePaid', rank: 30, status: 'paid' };
const VOID: Issued = { type: 'InvoiceVoided', rank: 40, status: 'void' };

const BY_STATUS: ReadonlyMap<string | undefined, Issued | 'draft'> = new Map<string, Issued | 'draft'>([
  ['draft', 'draft'],
  ['scheduled', 'draft'],
  ['sent', SENT],
  ['viewed', SENT],
  ['overdue', SENT],
  ['payment_processing', SENT],
  ['partially_paid', PARTIALLY_PAID],
  ['paid', PAID],
  ['void', VOID],
]);

const BY_TYPE: ReadonlyMap<string, Issued | 'draft'> = new Map<string, Issued | 'draft'>([
  ['InvoiceCreate', 'draft'],
  ['InvoiceSent', SENT],
  ['InvoicePartiallyPaid', PARTIALLY_PAID],
  ['InvoicePaid', PAID],
  ['InvoiceVoid', VOID],
]);

/**
 * The status of an invoice says what it is, whichever event brought it; a deleted one bills nothing, like a void one.
 * What was paid is told of the invoice and makes no payment: that is for the payment's own provider to tell. None for
 * an update whose status we do not know.
 */
export const invoiceChanged: GohighlevelMapping<Invoice> = (invoice, event) => {
  const state = event.type === 'InvoiceDelete' ? VOID : (BY_STATUS.get(invoice.status) ?? BY_TYPE.get(event.type));
  if (state === undefined) return [];
  const stream = gohighlevelStream(event.source, 'invoice', invoice.id);
  const occurredAt = invoice.updatedAt ?? event.sentAt ?? event.receivedAt;
  if (state === 'draft') {
    return [{ type: 'InvoiceDrafted', stream, occurredAt, data: describe(invoice, 'draft') }];
  }
  const { type, rank, status } = state;
  const data = { ...describe(invoice, status), issuedAt: invoice.issueDate ?? invoice.sentAt };
  return [
    {
      type,
      stream,
      occurredAt,
      data,
      fact: {
        key: factKey(stream, 'billed'),
        kind: 'billed',
        rank,
        providerTime: occurredAt,
        meter: 'billed',
        unit: 'invoice',
        quantity: '1',
        amount: type === 'InvoiceVoided' ? '0' : data.net,
        currency: data.currency,
      },
    },
  ];
};

function describe(invoice: Invoice, status: Issued['status']): EventData<'InvoicePaid'> {
  const tax = taxOf(invoice);
  return {
    number: invoice.invoiceNumber,
    customerId: invoice.contactDetails?.id,
    status,
    net: formatDecimal(subtractDecimals(parseDecimal(invoice.total), parseDecimal(tax))),
    tax,
    total: invoice.total,
    paid: invoice.amountPaid ?? '0',
    currency: invoice.currency,
    dueAt: invoice.dueDate,
  };
}

/** Printed, or what the total has beyond the discounted sum of the items. Prices that include their tax hide it. */
function taxOf({ total, totalSummary }: Invoice): string {
  if (totalSummary?.tax !== undefined) return totalSummary.tax;
  if (totalSummary?.subTotal === undefined) return '0';
  const net = subtractDecimals(parseDecimal(totalSummary.subTotal), parseDecimal(totalSummary.discount ?? '0'));
  const tax = subtractDecimals(parseDecimal(total), net);
  return compareDecimals(tax, ZERO) > 0 ? formatDecimal(tax) : '0';
}
