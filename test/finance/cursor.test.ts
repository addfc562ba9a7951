import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../../src/finance/cursor.ts';

const key = z.tuple([z.number(), z.string()]);

test('a cursor says what it was made of, in characters that need no escaping', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 17n }),
      fc.date({ noInvalidDate: true, min: new Date(0) }),
      fc.integer(),
      fc.string(),
      (position, at, n, text) => {
        const cursor = { position, at, versions: { usage: 2 }, key: [n, text] as const };
        const encoded = encodeCursor('usage', cursor);
        expect(encoded).toMatch(/^[\w-]+$/);
        expect(decodeCursor('usage', key, encoded)).toEqual(cursor);
      },
    ),
  );
});

test('whatever else is given is refused by name', () => {
  const other = encodeCursor('costs', { position: 1n, at: new Date(), versions: {}, key: [1, 'a'] });
  const odd = encodeCursor('usage', { position: 1n, at: new Date(), versions: {}, key: ['a', 1] });
  for (const text of ['', 'x', '!!', Buffer.from('{}').toString('base64url'), other, odd]) {
    expect(() => decodeCursor('usage', key, text)).toThrow(/^cursor: /);
  }
  expect(decodeCursor('usage', key, undefined)).toBeUndefined();
});
