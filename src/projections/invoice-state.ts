import type { EventData } from '../domain/events.ts';
import type { Books, Mode } from '../domain/stream.ts';
import type { Report } from './report.ts';

/** An invoice and its credit notes, as the greatest report of each tells it. Kept as JSON, so only what survives that. */
export type InvoiceState = Readonly<{
  invoiceId: string;
  tenantId: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  /** Missing while only credit notes are known: one may arrive first. */
  report?: Report & Readonly<{ invoice: EventData<'InvoiceFinalized'>; factKey?: string | undefined }>;
  /** By fact key. */
  creditNotes: Readonly<Record<string, Report & Readonly<{ note: EventData<'CreditNoteIssued'> }>>>;
}>;

/** When the invoice was issued; null for a draft, and while nothing of it is known. */
export function issuedAtOf({ report }: InvoiceState): string | null {
  if (report === undefined || report.invoice.status === 'draft') return null;
  const { invoice, occurredAt } = report;
  return invoice.issuedAt === undefined ? occurredAt : new Date(invoice.issuedAt).toISOString();
}

/** When a credit note was issued. */
export function creditedAtOf({ note, occurredAt }: InvoiceState['creditNotes'][string]): string {
  return note.issuedAt === undefined ? occurredAt : new Date(note.issuedAt).toISOString();
}

/** Of the invoice; while only credit notes are known, of the first of them by fact key. */
export function currencyOf(state: InvoiceState): string | undefined {
  return state.report?.invoice.currency ?? firstCreditNote(state)?.currency;
}

/** By fact key: JSON does not keep the order of keys. */
export function firstCreditNote({ creditNotes }: InvoiceState): EventData<'CreditNoteIssued'> | undefined {
  const [first] = Object.keys(creditNotes).toSorted();
  return first === undefined ? undefined : creditNotes[first]?.note;
}
