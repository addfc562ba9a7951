import { z } from 'zod';
import { formatDecimal, negateDecimal, parseDecimal } from '../../domain/decimal.ts';
import type { DomainEvent } from '../../domain/events.ts';
import { factKey } from '../../domain/facts.ts';
import type { Mapping } from './mapping.ts';
import { mapping } from './mapping.ts';
import type { TwilioEvent } from './twilio-event.ts';
import { twilioStream } from './twilio-event.ts';
import { messageId } from './twilio-messages.ts';

/** Above whatever estimates it. */
const RANK = 20;

const text = z.string().optional();
const priced = z.object({
  Price: z.string().regex(/^[+-]?\d{1,15}(\.\d{1,20})?([eE][+-]?\d{1,2})?$/, 'not a price'),
  PriceUnit: z
    .string()
    .regex(/^[A-Za-z]{3}$/, 'not a currency')
    .default('USD'),
  CallSid: text,
  MessageSid: text,
  SmsSid: text,
});

/** What Twilio charges for a call or message, which it writes as a negative number. One of anything else is no cost of ours. */
export const costReported: Mapping<TwilioEvent> = mapping(priced, (fields, { source, at }) => {
  const { Price: price, PriceUnit: unit, CallSid: callId } = fields;
  const money = { amount: formatDecimal(negateDecimal(parseDecimal(price))), currency: unit.toUpperCase() };
  const id = messageId(fields);
  if (callId !== undefined) return [cost('CallCostReported', 'call', callId, 'telephony')];
  return id === '' ? [] : [cost('MessageCostReported', 'message', id, 'sms')];

  function cost(
    type: 'CallCostReported' | 'MessageCostReported',
    kind: 'call' | 'message',
    externalId: string,
    component: string,
  ): DomainEvent<'CallCostReported' | 'MessageCostReported'> {
    const stream = twilioStream(source, kind, externalId);
    const key = factKey(stream, `cost/${component}`);
    return {
      type,
      stream,
      occurredAt: at,
      data: { component, isTransferLeg: false, ...money },
      fact: { key, kind: 'cost', rank: RANK, providerTime: at, meter: component, unit: kind, ...money },
    };
  }
});
