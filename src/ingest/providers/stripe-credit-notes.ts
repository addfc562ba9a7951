import { z } from 'zod';
import { stripeMoney } from '../../domain/currency.ts';
import { factKey } from '../../domain/facts.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { maybe } from './maybe.ts';
import type { StripeEvent } from './stripe-event.ts';
import { stripeStream } from './stripe-event.ts';
import { splitTax } from './stripe-invoices.ts';
import { currency, id, reference, seconds, signedAmount, taxes, text, time } from './stripe-shapes.ts';

const creditNote = z.object({
  id,
  invoice: id.or(z.object({ id }).transform((expanded) => expanded.id)),
  number: text,
  customer: reference,
  status: maybe(z.enum(['issued', 'void'])),
  reason: text,
  currency,
  total: signedAmount,
  /** Newer API versions tell the parts of the total, older ones that it is one or the other. */
  post_payment_amount: maybe(signedAmount),
  type: text,
  total_excluding_tax: maybe(signedAmount),
  total_taxes: taxes,
  tax_amounts: taxes,
  created: seconds,
  voided_at: time,
});

/** In minor units: what the customer had paid before, which is given back or kept for them. */
function alreadyPaid({ total, type, post_payment_amount: told }: z.infer<typeof creditNote>): string | undefined {
  if (told !== undefined) return told;
  return type === 'post_payment' ? total : undefined;
}

/** A credit note is told in the stream of its invoice, and lowers what that bills. Once it is void, it does not. */
export function creditNoteReported(type: 'CreditNoteIssued' | 'CreditNoteVoided'): Mapping<StripeEvent> {
  const isVoid = type === 'CreditNoteVoided';
  return mapping(creditNote, (object, event: StripeEvent) => {
    const { net, tax } = splitTax({ ...object, tax: undefined, total_tax_amounts: object.tax_amounts });
    const total = stripeMoney(object.total, object.currency);
    const paid = alreadyPaid(object);
    const stream = stripeStream(event.source, 'invoice', object.invoice);
    const netAmount = stripeMoney(net, object.currency).amount;
    return [
      {
        type,
        stream,
        occurredAt: isVoid ? (object.voided_at ?? event.created) : object.created,
        data: {
          creditNoteId: object.id,
          invoiceId: object.invoice,
          number: object.number,
          customerId: object.customer,
          status: object.status ?? (isVoid ? 'void' : 'issued'),
          reason: object.reason,
          net: netAmount,
          tax: stripeMoney(tax, object.currency).amount,
          total: total.amount,
          ...(paid === undefined ? {} : { alreadyPaid: stripeMoney(paid, object.currency).amount }),
          currency: total.currency,
          issuedAt: object.created,
        },
        fact: {
          key: factKey(stream, `credit/${object.id}`),
          kind: 'credit',
          rank: isVoid ? 20 : 10,
          providerTime: event.created,
          meter: 'credited',
          unit: 'credit_note',
          quantity: '1',
          amount: isVoid ? '0' : netAmount,
          currency: total.currency,
        },
      },
    ];
  });
}
