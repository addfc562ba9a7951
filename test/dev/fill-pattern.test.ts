import { expect, test } from '@jest/globals';
import { fillPattern } from '../../src/dev/fill-pattern.ts';
import { compilePattern } from '../../src/ingest/providers/custom-pattern.ts';

function fill(pattern: string, words: { signature: string; timestamp?: string }): string | undefined {
  const compiled = compilePattern(pattern);
  if (compiled.fault !== undefined) throw new Error(`${pattern} ${compiled.fault}`);
  return fillPattern(compiled.value.regex, words);
}

test.each([
  ['^(?<signature>[0-9a-f]+)$', 'ab12'],
  ['^t=(?<timestamp>\\d+),v1=(?<signature>[0-9a-f]+)$', 't=7,v1=ab12'],
  ['^(?<signature>[^;]*);(?<timestamp>\\d{1,12})$', 'ab12;7'],
  ['^HMAC (?<signature>.+)$', 'HMAC ab12'],
  ['^keyId="[^"]+",sig="(?<signature>[^"]*)"$', 'keyId="x",sig="ab12"'],
  ['^\\d{4}/[A-F]{2,3}:-?\\.(?<signature>[^)]+)$', '0000/AA:.ab12'],
  ['^[\\]x]\\w\\/(?<signature>\\S+)$', 'xx/ab12'],
])('%s is filled as short as it may be: %s', (pattern, header) => {
  const timestamp = pattern.includes('timestamp') ? { timestamp: '7' } : {};
  expect(fill(pattern, { signature: 'ab12', ...timestamp })).toBe(header);
});

test('a word that its group does not take fills nothing', () => {
  expect(fill('^(?<signature>[0-9a-f]{64})$', { signature: 'ab12' })).toBeUndefined();
  expect(
    fill('^t=(?<timestamp>\\d{3}),(?<signature>.+)$', { signature: 'x', timestamp: '1700000000' }),
  ).toBeUndefined();
});
