import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson, UnreadableBodyError } from '../../src/ingest/json.ts';

const read = (text: string) => parseJson(Buffer.from(text));

describe('parseJson', () => {
  test('keeps a number that a float holds exactly as a number', () => {
    expect(read('{"a":1,"b":-20,"c":0.5,"d":123456789012345}')).toEqual({ a: 1, b: -20, c: 0.5, d: 123456789012345 });
  });

  test.each(['0.10', '1.0', '1e2', '1E400', '-0', '12345678901234567890', '0.1234567890123456789', '-7.50'])(
    'keeps %s as the text that was sent, wherever it stands',
    (number) => {
      expect(read(number)).toBe(number);
      expect(read(`[1,${number}]`)).toEqual([1, number]);
      expect(read(`{"a":{"b": ${number}}}`)).toEqual({ a: { b: number } });
      expect(read(`{"a":\n\t${number} ,"c":2}`)).toEqual({ a: number, c: 2 });
    },
  );

  test('never loses a digit of any decimal number', () => {
    const numbers = fc
      .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 24n }), fc.option(fc.stringMatching(/^\d{1,24}$/)))
      .map(([negative, whole, fraction]) => `${negative ? '-' : ''}${whole}${fraction === null ? '' : `.${fraction}`}`);
    fc.assert(
      fc.property(numbers, (number) => {
        expect(String(Object.values(read(`{"n":${number}}`) as object)[0])).toBe(number);
      }),
    );
  });

  test('reads what JSON.parse reads, when all numbers are exact', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.stringify(read(text), null, 0)).toBe(JSON.stringify(JSON.parse(text, exactOrText)));
      }),
    );
  });

  test('takes a __proto__ key as an ordinary property, on both of its ways', () => {
    for (const number of ['1', '1.50']) {
      const value = read(`{"__proto__":{"polluted":${number}}}`) as object;
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.hasOwn(value, '__proto__')).toBe(true);
      expect('polluted' in {}).toBe(false);
      expect('polluted' in { ...value }).toBe(false);
    }
  });

  test('ignores one byte order mark, as RFC 8259 allows', () => {
    expect(read('\uFEFF{"a":1}')).toEqual({ a: 1 });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello secret')],
    ['half an object', Buffer.from('{"a":')],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ])('refuses %s and does not repeat it', (_name, bytes) => {
    expect(() => parseJson(bytes)).toThrow(UnreadableBodyError);
    expect(() => parseJson(bytes)).not.toThrow(/secret/);
  });

  test('refuses what is nested too deeply to be read', () => {
    expect(() => read(`${'['.repeat(500_000)}1.50${']'.repeat(500_000)}`)).toThrow(UnreadableBodyError);
  });
});

function exactOrText(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && String(value) !== context?.source ? context?.source : value;
}
