import { stripeMoney } from '../../domain/currency.ts';
import { addDecimals, formatDecimal, parseDecimal, subtractDecimals, ZERO } from '../../domain/decimal.ts';
import type { EventData } from '../../domain/events.ts';
import { factKey } from '../../domain/facts.ts';
import type { StripeMapping } from './stripe-event.ts';
import { stripeStream } from './stripe-event.ts';
import type { Invoice } from './stripe-shapes.ts';

type Transition = 'finalized_at' | 'paid_at' | 'voided_at' | 'marked_uncollectible_at';
type IssuedType =
  'InvoiceFinalized' | 'InvoicePaymentFailed' | 'InvoicePaid' | 'InvoiceMarkedUncollectible' | 'InvoiceVoided';

/** What each event says of an issued invoice. The rank follows the life of an invoice: the later state wins. */
const ISSUED: Readonly<
  Record<IssuedType, Readonly<{ rank: number; at?: Transition; statusByDefault: EventData<'InvoicePaid'>['status'] }>>
> = {
  InvoiceFinalized: { rank: 10, at: 'finalized_at', statusByDefault: 'open' },
  InvoicePaymentFailed: { rank: 20, statusByDefault: 'open' },
  InvoicePaid: { rank: 30, at: 'paid_at', statusByDefault: 'paid' },
  // As high as paid: an invoice that was given up may still be paid, so the provider's time decides.
  InvoiceMarkedUncollectible: { rank: 30, at: 'marked_uncollectible_at', statusByDefault: 'uncollectible' },
  InvoiceVoided: { rank: 40, at: 'voided_at', statusByDefault: 'void' },
};

/** A draft bills nothing. */
export const invoiceDrafted: StripeMapping<Invoice> = (invoice, event) => [
  {
    type: 'InvoiceDrafted',
    stream: stripeStream(event.source, 'invoice', invoice.id),
    occurredAt: event.created,
    data: describe(invoice, 'draft'),
  },
];

/** Billed is the net amount: tax is collected for somebody else. An invoice that is void bills nothing. */
export const invoiceIssued =
  (type: IssuedType): StripeMapping<Invoice> =>
  (invoice, event) => {
    const { rank, at, statusByDefault } = ISSUED[type];
    const stream = stripeStream(event.source, 'invoice', invoice.id);
    const data = describe(invoice, statusByDefault);
    const time = at === undefined ? undefined : invoice.status_transitions?.[at];
    return [
      {
        type,
        stream,
        occurredAt: time ?? event.created,
        data,
        fact: {
          key: factKey(stream, 'billed'),
          kind: 'billed',
          rank,
          providerTime: event.created,
          meter: 'billed',
          unit: 'invoice',
          quantity: '1',
          amount: type === 'InvoiceVoided' ? '0' : data.net,
          currency: data.currency,
        },
      },
    ];
  };

function describe(invoice: Invoice, statusByDefault: EventData<'InvoicePaid'>['status']): EventData<'InvoicePaid'> {
  const { net, tax } = splitTax(invoice);
  const total = stripeMoney(invoice.total, invoice.currency);
  return {
    number: invoice.number,
    customerId: invoice.customer,
    status: invoice.status ?? statusByDefault,
    net: stripeMoney(net, invoice.currency).amount,
    tax: stripeMoney(tax, invoice.currency).amount,
    total: total.amount,
    paid: stripeMoney(invoice.amount_paid, invoice.currency).amount,
    ...fromCustomerBalance(invoice),
    currency: total.currency,
    issuedAt: invoice.status_transitions?.finalized_at,
    dueAt: invoice.due_date,
    periodStart: invoice.period_start,
    periodEnd: invoice.period_end,
  };
}

/** An invoice that is issued first takes what the customer has with us, or asks for what they owe. */
function fromCustomerBalance(invoice: Invoice): Readonly<{ fromCustomerBalance?: string }> {
  const { starting_balance: before, ending_balance: after, currency } = invoice;
  if (before === undefined || after === undefined || before === after) return {};
  const minorUnits = formatDecimal(subtractDecimals(parseDecimal(after), parseDecimal(before)));
  return { fromCustomerBalance: stripeMoney(minorUnits, currency).amount };
}

/** In minor units. Stripe names the net amount, or the taxes one by one, or (older versions) their sum. */
export function splitTax(
  invoice: Pick<Invoice, 'total' | 'total_excluding_tax' | 'total_taxes' | 'tax' | 'total_tax_amounts'>,
): Readonly<{ net: string; tax: string }> {
  const total = parseDecimal(invoice.total);
  if (invoice.total_excluding_tax !== undefined) {
    const net = parseDecimal(invoice.total_excluding_tax);
    return { net: formatDecimal(net), tax: formatDecimal(subtractDecimals(total, net)) };
  }
  const taxes =
    invoice.total_taxes ?? (invoice.tax === undefined ? invoice.total_tax_amounts : [{ amount: invoice.tax }]);
  const tax = (taxes ?? []).map((each) => parseDecimal(each.amount)).reduce(addDecimals, ZERO);
  return { net: formatDecimal(subtractDecimals(total, tax)), tax: formatDecimal(tax) };
}
