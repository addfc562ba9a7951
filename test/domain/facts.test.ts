import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ReportOrder } from '../../src/domain/facts.ts';
import { compareReports, factKey } from '../../src/domain/facts.ts';
import type { Stream } from '../../src/domain/stream.ts';
import { STREAM_KINDS, streamKey } from '../../src/domain/stream.ts';

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'a/b', 'a%2Fb', '', '#', 'a#b'));
const streams: fc.Arbitrary<Stream> = fc.record({
  kind: fc.constantFrom(...STREAM_KINDS),
  provider: text,
  account: text,
  mode: fc.constantFrom('live', 'test'),
  externalId: text,
});

describe('a stream key', () => {
  test('is the same for the same thing only', () => {
    fc.assert(
      fc.property(streams, streams, (a, b) => {
        const same = (['kind', 'provider', 'account', 'mode', 'externalId'] as const).every(
          (part) => a[part]?.toWellFormed() === b[part]?.toWellFormed(),
        );
        expect(streamKey(a) === streamKey(b)).toBe(same);
      }),
    );
  });

  test('keeps what a slash might hide apart', () => {
    const base = { kind: 'call', provider: 'retell', mode: 'test' } as const;
    expect(streamKey({ ...base, account: 'a/b', externalId: 'c' })).not.toBe(
      streamKey({ ...base, account: 'a', externalId: 'b/c' }),
    );
  });

  test('is text that PostgreSQL takes', () => {
    fc.assert(fc.property(streams, (stream) => expect(streamKey(stream)).toMatch(/^[\w\-.!~*'()%/]*$/)));
  });

  test('of a thing of our own has no provider and no account', () => {
    expect(streamKey({ kind: 'price-plan', mode: 'live', externalId: 'plan_1' })).toBe('price-plan///live/plan_1');
  });
});

describe('a fact key', () => {
  test('begins with its home stream and ends with its name', () => {
    const home: Stream = { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'live', externalId: 'pi_1' };
    expect(factKey(home, 'refund/re_1')).toBe('payment/stripe/acct_1/live/pi_1#refund/re_1');
  });
});

describe('the order of reports', () => {
  const reports: fc.Arbitrary<ReportOrder> = fc.record({
    rank: fc.integer({ min: 0, max: 3 }),
    providerTimeMs: fc.integer({ min: 0, max: 3 }),
    position: fc.bigInt({ min: 1n, max: 9n }),
  });

  test.each([
    ['rank before time', { rank: 20, providerTimeMs: 1, position: 1n }, { rank: 10, providerTimeMs: 9, position: 9n }],
    [
      'time before position',
      { rank: 10, providerTimeMs: 2, position: 1n },
      { rank: 10, providerTimeMs: 1, position: 9n },
    ],
    ['position last', { rank: 10, providerTimeMs: 1, position: 2n }, { rank: 10, providerTimeMs: 1, position: 1n }],
  ])('goes by %s', (_name, greater, lesser) => {
    expect(compareReports(greater, lesser)).toBeGreaterThan(0);
    expect(compareReports(lesser, greater)).toBeLessThan(0);
  });

  test('is total: the same report wins in whatever order they come', () => {
    const distinct = fc.uniqueArray(reports, { minLength: 1, maxLength: 9, selector: ({ position }) => position });
    fc.assert(
      fc.property(distinct, fc.infiniteStream(fc.nat()), (list, random) => {
        const shuffled = list
          .map((report) => ({ report, by: random.next().value }))
          .toSorted((a, b) => a.by - b.by)
          .map(({ report }) => report);
        const greatest = (of: readonly ReportOrder[]) => of.reduce((a, b) => (compareReports(a, b) > 0 ? a : b));
        expect(greatest(shuffled)).toEqual(greatest(list));
      }),
    );
  });

  test('says 0 of a report and itself only', () => {
    fc.assert(
      fc.property(reports, reports, (a, b) => {
        const same = a.rank === b.rank && a.providerTimeMs === b.providerTimeMs && a.position === b.position;
        expect(compareReports(a, b) === 0).toBe(same);
        expect(Math.sign(compareReports(a, b)) + Math.sign(compareReports(b, a))).toBe(0);
      }),
    );
  });
});
