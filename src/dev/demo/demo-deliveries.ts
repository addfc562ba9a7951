import { gohighlevelSample } from '../samples/gohighlevel-samples.ts';
import type { RetellSample } from '../samples/retell-samples.ts';
import { retellSample } from '../samples/retell-samples.ts';
import { sampleId } from '../samples/sample-id.ts';
import type { StripeSample } from '../samples/stripe-story.ts';
import { stripeSample } from '../samples/stripe-samples.ts';
import { twilioSample } from '../samples/twilio-samples.ts';
import type { DemoProvider, DemoTenant } from './demo-story.ts';
import {
  callCosts,
  CALLS_A_DAY,
  callSeconds,
  DEMO_ACCOUNTS,
  DEMO_DAYS,
  DEMO_TENANTS,
  GOHIGHLEVEL_MESSAGES,
  TEXTS,
} from './demo-story.ts';

export type DemoDelivery = Readonly<{
  provider: DemoProvider;
  body: Buffer;
  /** Signed with a secret that is not the source's. */
  isForged: boolean;
}>;

/**
 * Everything that the providers deliver, in the order of delivery: byte for byte the same at every run. Among it are
 * calls whose start comes after their end, a refund before its payment, an invoice paid before it is finalised, an
 * analysis that corrects a cost, duplicates, a forged one, an unknown type and a call of an agent that nobody mapped.
 */
export function demoDeliveries(): readonly DemoDelivery[] {
  const once = [
    ...DEMO_DAYS.flatMap((day, index) =>
      Array.from({ length: CALLS_A_DAY }, (_, call) =>
        DEMO_TENANTS.flatMap((tenant) => callDeliveries(tenant, day, index, call)),
      ).flat(),
    ),
    ...textDeliveries(),
    ...stripeDeliveries(),
    ...strangeDeliveries(),
  ];
  const repeated = once.filter(({ isForged }, index) => !isForged && index % 40 === 0);
  return [...once, ...repeated];
}

function callDeliveries(tenant: DemoTenant, day: string, dayIndex: number, call: number): readonly DemoDelivery[] {
  const seconds = callSeconds(tenant, dayIndex, call);
  const sample: RetellSample = {
    key: `${tenant.key} ${day} ${call}`,
    at: new Date(`${day}T${String(8 + call).padStart(2, '0')}:15:00Z`),
    agentId: tenant.agentId,
    organisationId: DEMO_ACCOUNTS.retell,
    durationMs: seconds * 1_000,
    costs: callCosts(seconds),
  };
  const isCorrected = tenant.key === 'alder' && dayIndex === 0 && call === 0;
  const analyzed = isCorrected
    ? {
        ...sample,
        costs: callCosts(seconds).map((cost) =>
          cost.product === 'gpt_4_1' ? { ...cost, cents: cost.cents + 2 } : cost,
        ),
      }
    : sample;
  const started = retell('call_started', sample);
  const ended = retell('call_ended', sample);
  const start = call % 5 === 4 ? [ended, started] : [started, ended];
  return [...start, retell('call_analyzed', analyzed)];
}

function stripeDeliveries(): readonly DemoDelivery[] {
  const story = (key: string, sample: StripeSample): StripeSample => ({
    key,
    customerId: `cus_${key}`,
    at: new Date('2026-11-04T10:00:00Z'),
    ...sample,
  });
  const alder = story('alder', { totalMinor: 11_900, taxMinor: 1_900 });
  const birch = story('birch', { totalMinor: 5_950, taxMinor: 950, currency: 'eur' });
  const declined = { ...birch, chargeId: sampleId('ch', 'birch', 'declined'), at: new Date('2026-11-04T09:00:00Z') };
  const cedar = story('cedar', { totalMinor: 1_000, refundMinor: 400 });
  return [
    ...[
      'invoice.created',
      'charge.succeeded',
      'payment_intent.succeeded',
      'invoice.paid',
      'invoice.finalized',
      'invoice_payment.paid',
    ].map((type) => stripe(type, alder)),
    stripe('invoice.finalized', birch),
    ...['charge.failed', 'payment_intent.payment_failed'].map((type) => stripe(type, declined)),
    ...['payment_intent.succeeded', 'charge.succeeded', 'invoice.paid', 'invoice_payment.paid'].map((type) =>
      stripe(type, birch),
    ),
    ...[
      'refund.created',
      'charge.refunded',
      'payment_intent.succeeded',
      'charge.succeeded',
      'invoice.paid',
      'invoice.finalized',
    ].map((type) => stripe(type, cedar)),
  ];
}

/** Twilio's Event Streams: one webhook holds the events of many tenants; each text is reported twice, and counts once. */
function textDeliveries(): readonly DemoDelivery[] {
  const texts = DEMO_TENANTS.flatMap((tenant) =>
    Array.from({ length: TEXTS }, (_, text) => ({
      key: `${tenant.key} text ${text}`,
      at: new Date(`${DEMO_DAYS[1]}T09:${10 + text}:00Z`),
      accountSid: DEMO_ACCOUNTS.twilio,
      ourNumber: tenant.number,
      segments: tenant.segments,
    })),
  );
  const batch = (status: string): object =>
    texts.flatMap((text) => twilioSample(`com.twilio.messaging.message.${status}`, text) ?? []);
  const messages = DEMO_TENANTS.flatMap((tenant) =>
    Array.from({ length: GOHIGHLEVEL_MESSAGES }, (_, message) =>
      delivery(
        'gohighlevel',
        gohighlevelSample('OutboundMessage', {
          key: `${tenant.key} message ${message}`,
          at: new Date(`${DEMO_DAYS[1]}T10:${10 + message}:00Z`),
          locationId: tenant.locationId,
          companyId: DEMO_ACCOUNTS.gohighlevel,
        }),
      ),
    ),
  );
  return [delivery('twilio', batch('sent')), ...messages, delivery('twilio', batch('delivered'))];
}

function strangeDeliveries(): readonly DemoDelivery[] {
  const nobody: RetellSample = {
    key: 'nobody',
    at: new Date('2026-11-04T11:00:00Z'),
    agentId: 'agent_of_nobody',
    organisationId: DEMO_ACCOUNTS.retell,
    durationMs: 100_000,
    costs: callCosts(100),
  };
  return [
    retell('call_ended', nobody),
    delivery('stripe', {
      ...stripeSample('invoice.paid', { key: 'unknown type' }),
      type: 'invoice.telepathically_paid',
    }),
    { ...stripe('invoice.paid', { key: 'forged', totalMinor: 1_000_000 }), isForged: true },
  ];
}

function retell(type: string, sample: RetellSample): DemoDelivery {
  return delivery('retell', retellSample(type, sample));
}

function stripe(type: string, sample: StripeSample): DemoDelivery {
  return delivery('stripe', stripeSample(type, sample));
}

function delivery(provider: DemoDelivery['provider'], body: object | undefined): DemoDelivery {
  return { provider, body: Buffer.from(JSON.stringify(body)), isForged: false };
}
