import { z } from 'zod';
import { maybe } from './maybe.ts';

/**
 * The parts of Stripe's objects that we read, in the shapes of every API version from 2020-08-27 to 2026-10-28:
 * versions differ in what they leave out, set to null, or send expanded instead of as an id.
 */

/** Integers of minor units as text, however long. */
const integer = z.union([z.number(), z.string()]).transform(String);
export const amount = integer.pipe(z.string().regex(/^\d{1,30}$/));
export const signedAmount = integer.pipe(z.string().regex(/^-?\d{1,30}$/));
export const currency = z.string().regex(/^[A-Za-z]{3}$/);

/** Seconds since 1970, as ISO 8601; the years from 1970 to 9999. */
export const seconds = z
  .number()
  .int()
  .min(0)
  .max(253_402_300_799)
  .transform((value) => new Date(value * 1000).toISOString());

/** An id, or the object itself where it came expanded; undefined when nothing is named. */
export const reference = maybe(
  z.union([z.string().min(1), z.object({ id: z.string().min(1) }).transform(({ id }) => id)]),
);

export const id = z.string().min(1);
export const text = maybe(z.string());
export const time = maybe(seconds);

const chargeBasics = {
  id,
  currency,
  created: seconds,
  customer: reference,
  payment_intent: reference,
  invoice: reference,
};

export const succeededCharge = z.object({
  ...chargeBasics,
  captured: z.boolean(),
  amount,
  amount_captured: maybe(amount),
  payment_method_details: maybe(z.object({ type: text })),
});
export type SucceededCharge = z.infer<typeof succeededCharge>;

export const failedCharge = z.object({
  ...chargeBasics,
  amount,
  failure_code: text,
  outcome: maybe(z.object({ type: text, reason: text })),
});
export type FailedCharge = z.infer<typeof failedCharge>;

const paymentIntentBasics = {
  id,
  currency,
  customer: reference,
  amount,
  invoice: reference,
  latest_charge: reference,
  /** Until 2022-11-15; the newest charge first. */
  charges: maybe(z.object({ data: z.array(z.object({ id })) })),
};

export const succeededPaymentIntent = z.object({ ...paymentIntentBasics, amount_received: maybe(amount) });
export type SucceededPaymentIntent = z.infer<typeof succeededPaymentIntent>;

export const failedPaymentIntent = z.object({
  ...paymentIntentBasics,
  last_payment_error: maybe(z.object({ charge: reference, code: text, decline_code: text })),
});
export type FailedPaymentIntent = z.infer<typeof failedPaymentIntent>;

const refundBasics = {
  id,
  amount,
  currency,
  created: seconds,
  /** Null where the API version knows no status: what it reports as a refund has been made. */
  status: z
    .enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled'])
    .nullish()
    .transform((status) => status ?? 'succeeded'),
  reason: text,
};

export const listedRefund = z.object(refundBasics);
export type ListedRefund = z.infer<typeof listedRefund>;

export const refund = z
  .object({ ...refundBasics, charge: reference, payment_intent: reference })
  .transform(({ payment_intent: paymentIntent, ...rest }, context) => {
    const paymentId = paymentIntent ?? rest.charge;
    if (paymentId !== undefined) return { ...rest, paymentId };
    context.addIssue('names neither a payment intent nor a charge');
    return z.NEVER;
  });
export type Refund = z.infer<typeof refund>;

export const refundedCharge = z.object({
  ...chargeBasics,
  amount_refunded: amount,
  /** Listed until 2022-11-15, at most ten. */
  refunds: maybe(z.object({ data: maybe(z.array(listedRefund)) })),
});
export type RefundedCharge = z.infer<typeof refundedCharge>;

export const taxes = maybe(z.array(z.object({ amount: signedAmount })));

export const invoice = z.object({
  id,
  number: text,
  customer: reference,
  status: maybe(z.enum(['draft', 'open', 'paid', 'uncollectible', 'void'])),
  currency,
  total: signedAmount,
  amount_paid: signedAmount,
  /** Of the customer before and after the invoice: what we owe them is negative. */
  starting_balance: maybe(signedAmount),
  ending_balance: maybe(signedAmount),
  total_excluding_tax: maybe(signedAmount),
  total_taxes: taxes,
  tax: maybe(signedAmount),
  total_tax_amounts: taxes,
  due_date: time,
  period_start: time,
  period_end: time,
  status_transitions: maybe(
    z.object({ finalized_at: time, paid_at: time, voided_at: time, marked_uncollectible_at: time }),
  ),
});
export type Invoice = z.infer<typeof invoice>;

export const invoicePayment = z
  .object({
    invoice: id.or(z.object({ id }).transform((expanded) => expanded.id)),
    amount_paid: maybe(amount),
    currency: text,
    payment: maybe(z.object({ payment_intent: reference, charge: reference })),
  })
  .refine(
    (value) => value.amount_paid === undefined || currency.safeParse(value.currency).success,
    'an amount of no currency',
  );
export type InvoicePayment = z.infer<typeof invoicePayment>;
