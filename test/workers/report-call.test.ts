import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { storableJson } from '../../src/workers/report-call.ts';

test('a result loses what jsonb does not take, and nothing else', () => {
  expect(JSON.parse(storableJson({ 'a\0': 'b\ud800c', same: 'é\\u0000 \u001f😀"', n: 1, ok: true }))).toEqual({
    'a\ufffd': 'b\ufffdc',
    same: 'é\\u0000 \u001f😀"',
    n: 1,
    ok: true,
  });
});

test('whatever a result holds, what is stored of it is well-formed and without NUL', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\0', '\\\0', '\\\\u0000', '\ud800', '\udfff\\', '\\ud800'),
  );
  fc.assert(
    fc.property(text, (value) => {
      expect(JSON.parse(storableJson({ value }))).toEqual({ value: value.toWellFormed().replaceAll('\0', '\ufffd') });
    }),
  );
});
