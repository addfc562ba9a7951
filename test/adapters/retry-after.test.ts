import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseRetryAfter } from '../../src/adapters/retry-after.ts';

const now = new Date('1994-11-06T08:49:30.000Z');

describe('Retry-After', () => {
  test.each([
    ['seconds', '120', 120_000],
    ['no seconds', '0', 0],
    ['more seconds than there are numbers', '9'.repeat(400), Number.MAX_SAFE_INTEGER],
    ['a date', 'Sun, 06 Nov 1994 08:49:37 GMT', 7_000],
    ['a date of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', 7_000],
    ['a date of asctime, which is in GMT', 'Sun Nov  6 08:49:37 1994', 7_000],
    ['a date that is over', 'Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['white space around it', ' 5 ', 5_000],
  ])('tells %s', (_, header, waitMs) => {
    expect(parseRetryAfter(header, now)).toBe(waitMs);
  });

  test.each([null, '', 'soon', '-5', '1.5', '1994-11-06T08:49:37Z', 'Sun, 99 Nov 1994 08:49:37 GMT', '5 seconds'])(
    'says nothing by %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeUndefined();
    },
  );

  test('never asks for a wait that is no whole number of milliseconds from 0 on', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String), fc.date().map(String)), (header) => {
        const waitMs = parseRetryAfter(header, now) ?? 0;
        expect(Number.isSafeInteger(waitMs) && waitMs >= 0).toBe(true);
      }),
    );
  });
});
