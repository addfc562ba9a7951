import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventData } from '../domain/events.ts';
import { readEventData } from '../domain/events.ts';
import { differences } from './differences.ts';
import type { StreamStep } from './fold-streams.ts';
import { billedOf } from './invoice-billed.ts';
import type { Billed } from './invoice-billed.ts';
import type { InvoiceState } from './invoice-state.ts';
import type { Report } from './report.ts';
import { greaterReport, namedReportOf, reportOf } from './report.ts';

/** A line is of one fact: the invoice, or one of its credit notes. */
export type BilledLine = Billed & Readonly<{ factKey: string }>;

/** What an event makes of its invoice; undefined when it says nothing of one. */
export function foldInvoice(
  before: InvoiceState | undefined,
  event: RecordedEvent,
): StreamStep<InvoiceState, BilledLine> | undefined {
  const state = evolve(before, event);
  if (state === undefined) return undefined;
  const was = before === undefined ? new Map<string, Billed>() : billedOf(before);
  const is = billedOf(state);
  const factKeys = [...new Set([...was.keys(), ...is.keys()])].toSorted();
  const lines = factKeys.flatMap((factKey) =>
    differences(was.get(factKey), is.get(factKey)).map((line) => ({ ...line, factKey })),
  );
  return { state, lines };
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
    case 'CreditNoteIssued':
    case 'CreditNoteVoided':
      return withCreditNote(before, event, readEventData(event.type, event.schemaVersion, event.data));
    case 'StreamTenantMoved': {
      const { to } = readEventData('StreamTenantMoved', event.schemaVersion, event.data);
      return before && { ...before, tenantId: to };
    }
    default:
      return undefined;
  }
}

function unknownInvoice(event: RecordedEvent): InvoiceState {
  return {
    invoiceId: event.externalId,
    tenantId: event.tenantId,
    provider: event.provider ?? '',
    account: event.account ?? '',
    mode: event.mode,
    books: event.books,
    creditNotes: {},
  };
}

function withReport(
  before: InvoiceState | undefined,
  event: RecordedEvent,
  invoice: EventData<'InvoiceFinalized'>,
): InvoiceState {
  const state = before ?? unknownInvoice(event);
  const report = { ...orderOf(event), invoice, factKey: event.fact?.key };
  return { ...state, report: greaterReport(state.report, report) };
}

function withCreditNote(
  before: InvoiceState | undefined,
  event: RecordedEvent,
  note: EventData<'CreditNoteIssued'>,
): InvoiceState {
  const state = before ?? unknownInvoice(event);
  const rank = note.status === 'void' ? 20 : 10;
  const { key, report: order } = namedReportOf(event, { name: `credit/${note.creditNoteId}`, rank });
  const report = { ...order, note };
  return { ...state, creditNotes: { ...state.creditNotes, [key]: greaterReport(state.creditNotes[key], report) } };
}

/** A draft bills nothing, so it reports no fact; every other report outranks it. */
function orderOf(event: RecordedEvent): Report {
  if (event.fact !== undefined) return reportOf(event, event.fact);
  const occurredAt = event.occurredAt.toISOString();
  return { rank: 0, providerTime: occurredAt, position: String(event.position), occurredAt };
}
