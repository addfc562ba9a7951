import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { diffLines } from '../../../src/http/console/diff-lines.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
const texts = (marked: readonly { text: string; isDifferent: boolean }[]) =>
  marked.filter(({ isDifferent }) => !isDifferent).map(({ text }) => text);

test('what is not marked is the same on both sides, in the same order, and no line is lost', () => {
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const marked = diffLines(a, b);
      expect(texts(marked.a)).toEqual(texts(marked.b));
      expect(marked.a.map(({ text }) => text)).toEqual(a);
      expect(marked.b.map(({ text }) => text)).toEqual(b);
    }),
  );
});

test('marks one changed line and nothing else', () => {
  const { a, b } = diffLines(['{', '"id": 1,', '"amount": 100', '}'], ['{', '"id": 1,', '"amount": 120', '}']);
  expect(a.filter(({ isDifferent }) => isDifferent)).toEqual([{ text: '"amount": 100', isDifferent: true }]);
  expect(b.filter(({ isDifferent }) => isDifferent)).toEqual([{ text: '"amount": 120', isDifferent: true }]);
});

test('of very long texts marks what the other side lacks', () => {
  const numbered = (from: number) => Array.from({ length: 4_000 }, (_, index) => `line ${from + index}`);
  const { a } = diffLines(numbered(0), numbered(10));
  expect(a.filter(({ isDifferent }) => isDifferent)).toHaveLength(10);
});
