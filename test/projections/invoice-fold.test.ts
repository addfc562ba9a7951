import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal } from '../../src/domain/decimal.ts';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import { foldStreams } from '../../src/projections/fold-streams.ts';
import { balanceOf } from '../../src/projections/invoice-balance.ts';
import { foldInvoice } from '../../src/projections/invoice-fold.ts';
import { issuedAtOf } from '../../src/projections/invoice-state.ts';
import { at, recordedEvent } from './recorded-event.ts';

/** The event types of an invoice with the rank of each and the status that it reports. */
const reports = {
  InvoiceDrafted: { rank: undefined, status: 'draft' },
  InvoiceFinalized: { rank: 10, status: 'open' },
  InvoicePaymentFailed: { rank: 20, status: 'open' },
  InvoicePaid: { rank: 30, status: 'paid' },
  InvoiceMarkedUncollectible: { rank: 35, status: 'uncollectible' },
  InvoiceVoided: { rank: 40, status: 'void' },
} as const;
type InvoiceEvent = keyof typeof reports;

type Options = Readonly<{
  position: number;
  time?: string;
  net?: string;
  tax?: string;
  paid?: string;
  fromCustomerBalance?: string;
  issuedAt?: string | null;
}>;

function invoice(type: InvoiceEvent, options: Options): RecordedEvent {
  const { position, time = '09:00', net = '100', tax = '19', issuedAt = '2026-11-01T00:00:00Z' } = options;
  const { fromCustomerBalance } = options;
  const { rank, status } = reports[type];
  return recordedEvent(type, {
    position,
    kind: 'invoice',
    occurredAt: at(time),
    ...(rank === undefined
      ? {}
      : { fact: { key: 'invoice/1#billed', kind: 'billed' as const, rank, providerTime: at(time) } }),
    data: {
      status,
      net,
      tax,
      total: '119',
      paid: options.paid ?? (status === 'paid' ? '119' : '0'),
      currency: 'EUR',
      ...(fromCustomerBalance === undefined ? {} : { fromCustomerBalance }),
      ...(issuedAt === null ? {} : { issuedAt }),
    },
  });
}

type CreditNote = Readonly<{ position: number; id?: string; net?: string; tax?: string; alreadyPaid?: string }>;

function creditNote(type: 'CreditNoteIssued' | 'CreditNoteVoided', options: CreditNote): RecordedEvent {
  const { position, id = 'cn_1', net = '10', tax = '1.9', alreadyPaid } = options;
  const isVoid = type === 'CreditNoteVoided';
  return recordedEvent(type, {
    position,
    kind: 'invoice',
    occurredAt: at('12:00'),
    fact: { key: `invoice/1#credit/${id}`, kind: 'credit', rank: isVoid ? 20 : 10, providerTime: at('12:00') },
    data: {
      creditNoteId: id,
      invoiceId: '1',
      status: isVoid ? 'void' : 'issued',
      net,
      tax,
      total: formatDecimal(addDecimals(parseDecimal(net), parseDecimal(tax))),
      ...(alreadyPaid === undefined ? {} : { alreadyPaid }),
      currency: 'EUR',
      issuedAt: '2026-11-02T11:00:00.000Z',
    },
  });
}

const moved = (to: string, position: number) =>
  recordedEvent('StreamTenantMoved', {
    position,
    kind: 'invoice',
    tenantId: to,
    data: { from: 'A', to, reason: 'a person said so' },
  });

/** Status, amount paid and time of issue after the events, and all lines: position, tenant, time of issue, net, tax. */
function after(...events: readonly RecordedEvent[]) {
  const { rows, lines } = foldStreams(new Map(), events, foldInvoice);
  const state = rows.at(-1)?.state;
  return {
    status: state?.report?.invoice.status,
    paid: state?.report?.invoice.paid,
    issuedAt: state && issuedAtOf(state),
    tenantId: state?.tenantId,
    rows: rows.length,
    lines: lines.map(({ event, line: { bucket, measures } }) =>
      [event.position, bucket.tenantId, bucket.issuedAt.slice(0, 16), measures.net, measures.tax, bucket.currency].join(
        ' ',
      ),
    ),
  };
}

describe('an invoice', () => {
  test('bills nothing while it is a draft', () => {
    expect(after(invoice('InvoiceDrafted', { position: 1 }))).toMatchObject({
      status: 'draft',
      issuedAt: null,
      rows: 1,
      lines: [],
    });
  });

  test('bills net and tax apart once it is issued, and being paid bills nothing more', () => {
    const events = [
      invoice('InvoiceDrafted', { position: 1 }),
      invoice('InvoiceFinalized', { position: 2 }),
      invoice('InvoicePaymentFailed', { position: 3 }),
      invoice('InvoicePaid', { position: 4 }),
    ];
    expect(after(...events)).toEqual({
      status: 'paid',
      paid: '119',
      issuedAt: '2026-11-01T00:00:00.000Z',
      tenantId: 'A',
      rows: 4,
      lines: ['2 A 2026-11-01T00:00 100 19 EUR'],
    });
  });

  test('that is first heard of when it is paid is billed all the same', () => {
    expect(after(invoice('InvoicePaid', { position: 1 }), invoice('InvoiceFinalized', { position: 2 }))).toMatchObject({
      status: 'paid',
      rows: 2,
      lines: ['1 A 2026-11-01T00:00 100 19 EUR'],
    });
  });

  test('with another amount in a greater report is billed the difference', () => {
    const events = [
      invoice('InvoiceFinalized', { position: 1 }),
      invoice('InvoicePaid', { position: 2, net: '90', tax: '17.1' }),
    ];
    expect(after(...events).lines).toEqual(['1 A 2026-11-01T00:00 100 19 EUR', '2 A 2026-11-01T00:00 -10 -1.9 EUR']);
  });

  test('that is voided is billed back to nothing, for good', () => {
    const events = [invoice('InvoiceFinalized', { position: 1 }), invoice('InvoiceVoided', { position: 2 })];
    const lines = ['1 A 2026-11-01T00:00 100 19 EUR', '2 A 2026-11-01T00:00 -100 -19 EUR'];
    expect(after(...events)).toMatchObject({ status: 'void', lines });
    expect(after(...events, invoice('InvoicePaid', { position: 3 }))).toMatchObject({ status: 'void', lines });
  });

  test('that nobody will pay stays billed', () => {
    expect(
      after(invoice('InvoiceFinalized', { position: 1 }), invoice('InvoiceMarkedUncollectible', { position: 2 })),
    ).toMatchObject({ status: 'uncollectible', lines: ['1 A 2026-11-01T00:00 100 19 EUR'] });
  });

  test('without a time of issue takes the time of the event', () => {
    expect(after(invoice('InvoiceFinalized', { position: 1, time: '09:15', issuedAt: null })).lines).toEqual([
      '1 A 2026-11-02T09:15 100 19 EUR',
    ]);
  });

  test('that moves to another tenant takes what it billed along', () => {
    expect(after(invoice('InvoiceFinalized', { position: 1 }), moved('B', 2))).toMatchObject({
      tenantId: 'B',
      lines: [
        '1 A 2026-11-01T00:00 100 19 EUR',
        '2 A 2026-11-01T00:00 -100 -19 EUR',
        '2 B 2026-11-01T00:00 100 19 EUR',
      ],
    });
    expect(after(moved('B', 1))).toMatchObject({ rows: 0 });
  });

  test('is billed less by a credit note, when that was issued, until it is voided', () => {
    const issued = [invoice('InvoiceFinalized', { position: 1 }), creditNote('CreditNoteIssued', { position: 2 })];
    const lines = ['1 A 2026-11-01T00:00 100 19 EUR', '2 A 2026-11-02T11:00 -10 -1.9 EUR'];
    expect(after(...issued)).toMatchObject({ rows: 2, lines });
    const voided = [...issued, creditNote('CreditNoteVoided', { position: 3 })];
    expect(after(...voided).lines).toEqual([...lines, '3 A 2026-11-02T11:00 10 1.9 EUR']);
    expect(
      after(creditNote('CreditNoteVoided', { position: 1 }), creditNote('CreditNoteIssued', { position: 2 })),
    ).toEqual({ status: undefined, paid: undefined, issuedAt: null, tenantId: 'A', rows: 2, lines: [] });
  });

  test('is billed less by a credit note of before credit notes were facts, once, also when it is told again as one', () => {
    const bare = (type: 'CreditNoteIssued' | 'CreditNoteVoided', position: number) => {
      const { fact, ...rest } = creditNote(type, { position });
      expect(fact).toBeDefined();
      return rest;
    };
    const issued = [invoice('InvoiceFinalized', { position: 1 }), bare('CreditNoteIssued', 2)];
    const lines = ['1 A 2026-11-01T00:00 100 19 EUR', '2 A 2026-11-02T11:00 -10 -1.9 EUR'];
    expect(after(...issued).lines).toEqual(lines);
    expect(after(...issued, creditNote('CreditNoteIssued', { position: 3 })).lines).toEqual(lines);
    const back = '3 A 2026-11-02T11:00 10 1.9 EUR';
    expect(after(...issued, bare('CreditNoteVoided', 3)).lines).toEqual([...lines, back]);
  });

  test('that is voided takes what its credit notes corrected along', () => {
    const events = [
      invoice('InvoiceFinalized', { position: 1 }),
      creditNote('CreditNoteIssued', { position: 2 }),
      invoice('InvoiceVoided', { position: 3 }),
    ];
    expect(after(...events).lines.slice(2)).toEqual([
      '3 A 2026-11-01T00:00 -100 -19 EUR',
      '3 A 2026-11-02T11:00 10 1.9 EUR',
    ]);
  });

  test('is the same whatever the order in which its reports arrive', () => {
    const types = Object.keys(reports).filter((type): type is InvoiceEvent => type in reports);
    const arrivals = fc
      .subarray(types, { minLength: 1 })
      .chain((some) => fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })));
    fc.assert(
      fc.property(arrivals, ([some, shuffled]) => {
        const ordered = after(...some.map((type, index) => invoice(type, { position: index + 1 })));
        const other = after(...shuffled.map((type, index) => invoice(type, { position: index + 1 })));
        const isBilled = ({ lines }: typeof ordered) => lines.length % 2 === 1;
        expect({ ...other, lines: isBilled(other) }).toEqual({ ...ordered, lines: isBilled(ordered) });
      }),
    );
  });
});

describe('what is owed of an invoice', () => {
  const owed = (...events: readonly RecordedEvent[]) => {
    const state = foldStreams(new Map(), events, foldInvoice).rows.at(-1)?.state;
    return state && balanceOf(state);
  };
  const open = (options: Partial<Options> = {}) => invoice('InvoiceFinalized', { position: 1, ...options });

  test('is its total less what was paid and credited', () => {
    expect(owed(open())).toMatchObject({ credited: '0', balance: '119' });
    expect(owed(open({ paid: '19' }), creditNote('CreditNoteIssued', { position: 2 }))).toEqual({
      credited: '11.9',
      creditedPaid: '0',
      fromCustomerBalance: '0',
      balance: '88.1',
      settledElsewhere: '0',
    });
  });

  test('is less by what the customer had with us, and more by what they owed us', () => {
    expect(owed(open({ fromCustomerBalance: '19' }))?.balance).toBe('100');
    expect(owed(open({ fromCustomerBalance: '-1' }))?.balance).toBe('120');
  });

  test('is nothing of a draft or a void one, whatever was credited', () => {
    const note = creditNote('CreditNoteIssued', { position: 2 });
    expect(owed(invoice('InvoiceDrafted', { position: 1 }), note)?.balance).toBe('0');
    expect(owed(open(), note, invoice('InvoiceVoided', { position: 3 }))?.balance).toBe('0');
    expect(owed(note)).toMatchObject({ credited: '11.9', balance: '0' });
  });

  test('stays owed of one that is uncollectible', () => {
    expect(owed(open(), invoice('InvoiceMarkedUncollectible', { position: 2 }))?.balance).toBe('119');
  });

  test('is nothing of one that the provider says is paid, which tells what is not covered, and below zero if overpaid', () => {
    const paid = (amount: string) => invoice('InvoicePaid', { position: 2, paid: amount });
    const note = creditNote('CreditNoteIssued', { position: 3 });
    expect(owed(open(), paid('119'))).toMatchObject({ balance: '0', settledElsewhere: '0' });
    expect(owed(open(), paid('19'))).toMatchObject({ balance: '0', settledElsewhere: '100' });
    expect(owed(open(), paid('19'), note)).toMatchObject({ balance: '0', settledElsewhere: '88.1' });
    expect(owed(open(), paid('120'))).toMatchObject({ balance: '-1', settledElsewhere: '0' });
    // Money alone does not settle it: it is the provider that calls it paid.
    expect(owed(open({ paid: '118' }))).toMatchObject({ balance: '1', settledElsewhere: '0' });
  });

  test('is not lowered by what a credit note gave back of what was paid', () => {
    const note = creditNote('CreditNoteIssued', { position: 3, alreadyPaid: '11.9' });
    expect(owed(open(), invoice('InvoicePaid', { position: 2 }), note)).toMatchObject({
      credited: '11.9',
      creditedPaid: '11.9',
      balance: '0',
    });
  });
});
