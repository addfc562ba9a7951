import { balanceOf } from './invoice-balance.ts';
import type { BilledLine } from './invoice-fold.ts';
import { foldInvoice } from './invoice-fold.ts';
import { creditedAtOf, currencyOf, firstCreditNote, issuedAtOf } from './invoice-state.ts';
import type { InvoiceState } from './invoice-state.ts';
import { createStreamProjection } from './stream-projection.ts';

/**
 * What was billed and is owed: a row for each event that touches an invoice, rows of its credit notes, and lines by time
 * of issue, net and tax apart, in which credit notes are negative.
 */
export const invoicesProjection = createStreamProjection<InvoiceState, BilledLine>({
  name: 'invoices',
  foldVersion: 1,
  streamKind: 'invoice',
  types: [
    'InvoiceDrafted',
    'InvoiceFinalized',
    'InvoicePaid',
    'InvoicePaymentFailed',
    'InvoiceVoided',
    'InvoiceMarkedUncollectible',
    'CreditNoteIssued',
    'CreditNoteVoided',
    'StreamTenantMoved',
  ],
  fold: foldInvoice,
  stateTable: 'invoices',
  stateRow: invoiceRow,
  lines: { table: 'invoice_lines', rowOf: invoiceLineRow },
  parts: [{ table: 'credit_notes', rowsOf: creditNoteRows }],
});

function invoiceRow(state: InvoiceState): Record<string, unknown> {
  const invoice = state.report?.invoice;
  const { credited, creditedPaid, fromCustomerBalance, balance, settledElsewhere } = balanceOf(state);
  return {
    ...invoiceColumns(state),
    invoice_number: invoice?.number,
    status: invoice?.status ?? 'unknown',
    net: invoice?.net ?? '0',
    tax: invoice?.tax ?? '0',
    total: invoice?.total ?? '0',
    paid: invoice?.paid ?? '0',
    from_customer_balance: fromCustomerBalance,
    credited,
    credited_paid: creditedPaid,
    balance,
    settled_elsewhere: settledElsewhere,
    currency: currencyOf(state),
    customer_id: invoice?.customerId ?? firstCreditNote(state)?.customerId,
    issued_at: issuedAtOf(state),
    due_at: invoice?.dueAt,
  };
}

function creditNoteRows(state: InvoiceState): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  return new Map(
    Object.entries(state.creditNotes).map(([key, credit]) => {
      const { creditNoteId, number, customerId, status, reason, net, tax, total, alreadyPaid, currency } = credit.note;
      const row = {
        ...invoiceColumns(state),
        credit_note_id: creditNoteId,
        credit_note_number: number,
        invoice_number: state.report?.invoice.number,
        customer_id: customerId,
        status,
        reason,
        net,
        tax,
        total,
        already_paid: alreadyPaid ?? '0',
        currency,
        issued_at: creditedAtOf(credit),
        voided_at: status === 'void' ? credit.occurredAt : null,
      };
      return [key, row];
    }),
  );
}

function invoiceColumns({ invoiceId, tenantId, provider, account, mode, books }: InvoiceState) {
  return { invoice_id: invoiceId, tenant_id: tenantId, provider, account, mode, books };
}

function invoiceLineRow({ bucket, measures, factKey }: BilledLine): Record<string, unknown> {
  return {
    fact_key: factKey,
    kind: bucket.kind,
    tenant_id: bucket.tenantId,
    provider: bucket.provider,
    mode: bucket.mode,
    books: bucket.books,
    issued_at: bucket.issuedAt,
    net: measures.net,
    tax: measures.tax,
    currency: bucket.currency,
  };
}
