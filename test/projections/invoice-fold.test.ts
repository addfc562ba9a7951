import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import { foldStreams } from '../../src/projections/fold-streams.ts';
import { foldInvoice, issuedAtOf } from '../../src/projections/invoice-fold.ts';
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

type Options = Readonly<{ position: number; time?: string; net?: string; tax?: string; issuedAt?: string | null }>;

function invoice(type: InvoiceEvent, options: Options): RecordedEvent {
  const { position, time = '09:00', net = '100', tax = '19', issuedAt = '2026-11-01T00:00:00Z' } = options;
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
      paid: status === 'paid' ? '119' : '0',
      currency: 'EUR',
      ...(issuedAt === null ? {} : { issuedAt }),
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
    status: state?.report.invoice.status,
    paid: state?.report.invoice.paid,
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
