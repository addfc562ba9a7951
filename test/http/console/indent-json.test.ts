import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { indentJson } from '../../../src/http/console/indent-json.ts';

test('breaks lines as JSON.stringify does, and loses nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(indentJson(text)).toBe(JSON.stringify(value, undefined, 2));
    }),
  );
});

test('keeps every digit and every key as it was sent', () => {
  expect(indentJson('{"a":0.10,"a":1e400,"b":[ ]}')).toBe('{\n  "a": 0.10,\n  "a": 1e400,\n  "b": []\n}');
});

test('leaves alone what is no JSON', () => {
  expect(indentJson('From=%2B1555&To=%2B1444')).toBe('From=%2B1555&To=%2B1444');
  expect(indentJson('{"a":')).toBe('{"a":');
});
