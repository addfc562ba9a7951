import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import type { EventType } from '../../src/domain/events.ts';

/** One webhook as its provider has it: the same bytes however often it is sent. */
export type Delivery = Readonly<{
  key: string;
  provider: 'retell' | 'stripe';
  body: Buffer;
  /** All that must come of it, the work that handlers ask for included. */
  expected: readonly EventType[];
}>;

const CALL_COSTS = [{ product: 'elevenlabs_tts', cents: 10.5 }];
/** Of stories under way at once: what is sent one after the other is about different things. */
const WINDOW = 24;

/** Without end: calls, payments that fail before they succeed, and invoices, told in parallel, tenant by tenant. */
export function* tellStories(tenants: number): Generator<Delivery, never> {
  const window: Delivery[][] = [];
  for (let story = 0, turn = 0; ; turn += 1) {
    while (window.length < WINDOW) {
      window.push(...storyOf(story, story % tenants));
      story += 1;
    }
    const place = turn % window.length;
    const [next, ...rest] = window[place] ?? [];
    if (rest.length === 0) window.splice(place, 1);
    else window[place] = rest;
    if (next !== undefined) yield next;
  }
}

/** Three things, each with its webhooks in the order in which they happen. */
function storyOf(number: number, tenant: number): Delivery[][] {
  const key = `story ${number}`;
  const at = new Date(Date.UTC(2026, 10, 1 + (number % 20), 9, number % 60));
  const call = { key, at, agentId: agentOf(tenant), costs: CALL_COSTS, durationMs: 30_000 + (number % 90) * 1_000 };
  const money = { key, at, customerId: customerOf(tenant), totalMinor: 1_000 + (number % 500) };
  const retell = (type: string, expected: readonly EventType[]): Delivery => ({
    key: `${key} ${type}`,
    provider: 'retell',
    body: bytes(retellSample(type, call)),
    expected,
  });
  const stripe = (type: string, expected: readonly EventType[]): Delivery => ({
    key: `${key} ${type}`,
    provider: 'stripe',
    body: bytes(stripeSample(type, money)),
    expected,
  });
  return [
    [
      retell('call_started', ['CallLinked', 'CallStarted']),
      retell('call_ended', ['CallCostReported', 'CallEnded', 'CallLinked']),
      retell('call_analyzed', ['CallAnalyzed', 'CallCostReported', 'CallLinked', 'FlowRequested']),
    ],
    [
      stripe('payment_intent.payment_failed', ['NotificationRequested', 'PaymentFailed']),
      stripe('payment_intent.succeeded', ['PaymentSucceeded']),
    ],
    [
      stripe('invoice.finalized', ['InvoiceFinalized']),
      stripe('invoice.paid', ['IntegrationRequested', 'InvoicePaid']),
    ],
  ];
}

export function agentOf(tenant: number): string {
  return `agent_drill_${tenant}`;
}

export function customerOf(tenant: number): string {
  return `cus_drill_${tenant}`;
}

function bytes(body: object | undefined): Buffer {
  if (body === undefined) throw new Error('There is no such sample.');
  return Buffer.from(JSON.stringify(body));
}
