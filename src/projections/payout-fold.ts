import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventData } from '../domain/events.ts';
import { readEventData } from '../domain/events.ts';
import type { Books, Mode } from '../domain/stream.ts';
import type { StreamStep } from './fold-streams.ts';
import type { Report } from './report.ts';
import { earlierTime, greaterReport } from './report.ts';

/** A payout as its greatest report tells it. Kept as JSON, so only what survives that. */
export type PayoutState = Readonly<{
  payoutId: string;
  tenantId: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  report: Report & Readonly<{ status: 'paid' | 'failed'; payout: EventData<'PayoutPaid'> }>;
  paidAt?: string | undefined;
  failedAt?: string | undefined;
}>;

/**
 * What an event makes of its payout; undefined when it says nothing of one. It has no lines: what is paid out was
 * collected before. A payout may fail after it was paid, so that `failed` is the last word.
 */
export function foldPayout(
  before: PayoutState | undefined,
  event: RecordedEvent,
): StreamStep<PayoutState, never> | undefined {
  const state = evolve(before, event);
  return state && { state, lines: [] };
}

function evolve(before: PayoutState | undefined, event: RecordedEvent): PayoutState | undefined {
  if (event.streamKind !== 'payout') return undefined;
  switch (event.type) {
    case 'PayoutPaid':
    case 'PayoutFailed':
      return withReport(before, event, event.type);
    case 'StreamTenantMoved': {
      const { to } = readEventData('StreamTenantMoved', event.schemaVersion, event.data);
      return before && { ...before, tenantId: to };
    }
    default:
      return undefined;
  }
}

function withReport(
  before: PayoutState | undefined,
  event: RecordedEvent,
  type: 'PayoutPaid' | 'PayoutFailed',
): PayoutState {
  const payout = readEventData(type, event.schemaVersion, event.data);
  const at = event.occurredAt.toISOString();
  const isPaid = type === 'PayoutPaid';
  const status = isPaid ? ('paid' as const) : ('failed' as const);
  const order = { rank: isPaid ? 10 : 20, providerTime: at, position: String(event.position), occurredAt: at };
  return {
    payoutId: event.externalId,
    tenantId: before?.tenantId ?? event.tenantId,
    provider: event.provider ?? '',
    account: event.account ?? '',
    mode: event.mode,
    books: event.books,
    report: greaterReport(before?.report, { ...order, status, payout }),
    paidAt: isPaid ? earlierTime(before?.paidAt, at) : before?.paidAt,
    failedAt: isPaid ? before?.failedAt : earlierTime(before?.failedAt, at),
  };
}
