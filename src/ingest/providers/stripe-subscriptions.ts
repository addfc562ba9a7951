import { z } from 'zod';
import { stripeMoney } from '../../domain/currency.ts';
import type { EventData } from '../../domain/events.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import { maybe } from './maybe.ts';
import type { StripeEvent } from './stripe-event.ts';
import { stripeStream } from './stripe-event.ts';
import { amount, currency, id, reference, signedAmount, text, time } from './stripe-shapes.ts';

const item = z.object({
  price: maybe(
    z.object({
      id: text,
      product: reference,
      currency: maybe(currency),
      unit_amount: maybe(signedAmount),
      recurring: maybe(z.object({ interval: text })),
    }),
  ),
  /** Before there were prices. */
  plan: maybe(
    z.object({
      id: text,
      product: reference,
      currency: maybe(currency).catch(undefined),
      amount: maybe(amount),
      interval: text,
    }),
  ),
  quantity: maybe(amount),
  current_period_start: time,
  current_period_end: time,
});

const subscription = z.object({
  id,
  customer: reference,
  status: z.string(),
  currency: maybe(currency),
  items: maybe(z.object({ data: z.array(item) })),
  /** Of the whole subscription until 2025-03-31, of each item since. */
  current_period_start: time,
  current_period_end: time,
  cancel_at: time,
  canceled_at: time,
  ended_at: time,
});
type Subscription = z.infer<typeof subscription>;

export function subscriptionChanged(change: EventData<'SubscriptionChanged'>['change']): Mapping<StripeEvent> {
  return mapping(subscription, (object, event: StripeEvent) => {
    const [first] = object.items?.data ?? [];
    return [
      {
        type: 'SubscriptionChanged',
        stream: stripeStream(event.source, 'subscription', object.id),
        occurredAt: event.created,
        data: {
          customerId: object.customer,
          change,
          status: object.status,
          currency: object.currency?.toUpperCase(),
          items: items(object),
          periodStart: object.current_period_start ?? first?.current_period_start,
          periodEnd: object.current_period_end ?? first?.current_period_end,
          cancelAt: object.cancel_at,
          canceledAt: object.canceled_at,
          endedAt: object.ended_at,
        },
      },
    ];
  });
}

function items(object: Subscription): EventData<'SubscriptionChanged'>['items'] {
  return (object.items?.data ?? []).map(({ price, plan, quantity }) => {
    const minorUnits = price?.unit_amount ?? plan?.amount;
    const code = price?.currency ?? plan?.currency ?? object.currency;
    return {
      priceId: price?.id ?? plan?.id,
      productId: price?.product ?? plan?.product,
      quantity,
      unitAmount: minorUnits === undefined || code === undefined ? undefined : stripeMoney(minorUnits, code).amount,
      interval: price?.recurring?.interval ?? plan?.interval,
    };
  });
}
