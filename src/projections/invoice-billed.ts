import { formatDecimal, negateDecimal, parseDecimal } from '../domain/decimal.ts';
import type { Contribution } from './differences.ts';
import { creditedAtOf, issuedAtOf } from './invoice-state.ts';
import type { InvoiceState } from './invoice-state.ts';

export type BilledBucket = Readonly<{
  kind: 'invoice' | 'credit_note';
  tenantId: string;
  provider: string;
  mode: string;
  books: string;
  issuedAt: string;
  currency: string;
}>;
export type Billed = Contribution<BilledBucket, 'net' | 'tax'>;

/**
 * What an invoice bills, by fact key: itself, and less each credit note, when that was issued. A draft bills nothing, nor
 * does a void one: neither it nor what corrected it. A credit note that is void corrects nothing.
 */
export function billedOf(state: InvoiceState): ReadonlyMap<string, Billed> {
  const items = new Map<string, Billed>();
  const { report, creditNotes, tenantId, provider, mode, books } = state;
  if (report?.invoice.status === 'void') return items;
  const issuedAt = issuedAtOf(state);
  if (report?.factKey !== undefined && issuedAt !== null) {
    const { net, tax, currency } = report.invoice;
    const bucket = { kind: 'invoice' as const, tenantId, provider, mode, books, issuedAt, currency };
    items.set(report.factKey, { bucket, measures: { net, tax } });
  }
  for (const [key, credit] of Object.entries(creditNotes)) {
    const { status, net, tax, currency } = credit.note;
    if (status === 'void') continue;
    const at = creditedAtOf(credit);
    const bucket = { kind: 'credit_note' as const, tenantId, provider, mode, books, issuedAt: at, currency };
    items.set(key, { bucket, measures: { net: negated(net), tax: negated(tax) } });
  }
  return items;
}

function negated(amount: string): string {
  return formatDecimal(negateDecimal(parseDecimal(amount)));
}
