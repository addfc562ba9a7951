import { z } from 'zod';
import { stripeMoney } from '../../domain/currency.ts';
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
  total_excluding_tax: maybe(signedAmount),
  total_taxes: taxes,
  tax_amounts: taxes,
  created: seconds,
  voided_at: time,
});

/** A credit note is told in the stream of its invoice. It carries no fact: what is billed stays as it is. */
export function creditNoteReported(type: 'CreditNoteIssued' | 'CreditNoteVoided'): Mapping<StripeEvent> {
  const isVoid = type === 'CreditNoteVoided';
  return mapping(creditNote, (object, event: StripeEvent) => {
    const { net, tax } = splitTax({ ...object, tax: undefined, total_tax_amounts: object.tax_amounts });
    const total = stripeMoney(object.total, object.currency);
    return [
      {
        type,
        stream: stripeStream(event.source, 'invoice', object.invoice),
        occurredAt: isVoid ? (object.voided_at ?? event.created) : object.created,
        data: {
          creditNoteId: object.id,
          invoiceId: object.invoice,
          number: object.number,
          customerId: object.customer,
          status: object.status ?? (isVoid ? 'void' : 'issued'),
          reason: object.reason,
          net: stripeMoney(net, object.currency).amount,
          tax: stripeMoney(tax, object.currency).amount,
          total: total.amount,
          currency: total.currency,
        },
      },
    ];
  });
}
