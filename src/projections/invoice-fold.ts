import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventData } from '../domain/events.ts';
import { readEventData } from '../domain/events.ts';
import type { Books, Mode } from '../domain/stream.ts';
import type { Contribution } from './differences.ts';
import { differences } from './differences.ts';
import type { StreamStep } from './fold-streams.ts';
import type { Report } from './report.ts';
import { greaterReport, reportOf } from './report.ts';

/** An invoice as its greatest report tells it. Kept as JSON, so only what survives that. */
export type InvoiceState = Readonly<{
  invoiceId: string;
  tenantId: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  report: Report & Readonly<{ invoice: EventData<'InvoiceFinalized'> }>;
}>;

export type BilledBucket = Readonly<{
  tenantId: string;
  provider: string;
  mode: string;
  books: string;
  issuedAt: string;
  currency: string;
}>;
export type Billed = Contribution<BilledBucket, 'net' | 'tax'>;

/** What an event makes of its invoice; undefined when it says nothing of one. */
export function foldInvoice(
  before: InvoiceState | undefined,
  event: RecordedEvent,
): StreamStep<InvoiceState, Billed> | undefined {
  const state = evolve(before, event);
  return state && { state, lines: differences(before && billed(before), billed(state)) };
}

function evolve(before: InvoiceState | undefined, event: RecordedEvent): InvoiceState | undefined {
  if (event.streamKind !== 'invoice') return undefined;
  switch (event.type) {
    case 'InvoiceDrafted':
    case 'InvoiceFinalized':
    case 'InvoicePaid':
    case 'InvoicePaymentFailed':
    case 'InvoiceVoided':
    case 'InvoiceMarkedUncollectible':
      return withReport(before, event, readEventData(event.type, event.schemaVersion, event.data));
    case 'StreamTenantMoved': {
      const { to } = readEventData('StreamTenantMoved', event.schemaVersion, event.data);
      return before && { ...before, tenantId: to };
    }
    default:
      return undefined;
  }
}

function withReport(
  before: InvoiceState | undefined,
  event: RecordedEvent,
  invoice: EventData<'InvoiceFinalized'>,
): InvoiceState {
  const report = { ...orderOf(event), invoice };
  if (before !== undefined) return { ...before, report: greaterReport(before.report, report) };
  return {
    invoiceId: event.externalId,
    tenantId: event.tenantId,
    provider: event.provider ?? '',
    account: event.account ?? '',
    mode: event.mode,
    books: event.books,
    report,
  };
}

/** A draft bills nothing, so it reports no fact; every other report outranks it. */
function orderOf(event: RecordedEvent): Report {
  if (event.fact !== undefined) return reportOf(event, event.fact);
  const occurredAt = event.occurredAt.toISOString();
  return { rank: 0, providerTime: occurredAt, position: String(event.position), occurredAt };
}

/** When the invoice was issued; null for a draft. */
export function issuedAtOf({ report }: InvoiceState): string | null {
  const { invoice, occurredAt } = report;
  if (invoice.status === 'draft') return null;
  return invoice.issuedAt === undefined ? occurredAt : new Date(invoice.issuedAt).toISOString();
}

function billed(state: InvoiceState): Billed | undefined {
  const { tenantId, provider, mode, books, report } = state;
  const { status, net, tax, currency } = report.invoice;
  const issuedAt = issuedAtOf(state);
  if (issuedAt === null || status === 'void') return undefined;
  return { bucket: { tenantId, provider, mode, books, issuedAt, currency }, measures: { net, tax } };
}
