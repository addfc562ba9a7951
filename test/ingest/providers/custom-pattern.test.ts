import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern, MAX_HEADER_LENGTH } from '../../../src/ingest/providers/custom-pattern.ts';

describe('the pattern of a signature header', () => {
  test.each([
    ['^(?<signature>[0-9a-f]{64})$', false],
    ['^sha256=(?<signature>[0-9a-f]+)$', false],
    ['^t=(?<timestamp>\\d+),v1=(?<signature>[0-9a-f]+)$', true],
    ['^v=(?<timestamp>\\d{10,13}),d=(?<signature>[^,]*)$', true],
    ['^HMAC (?<signature>[A-Za-z0-9+/=]+)$', false],
    ['^(?<signature>.+)$', false],
  ])('%s is taken', (pattern, hasTimestamp) => {
    expect(compilePattern(pattern).value).toEqual({ regex: new RegExp(pattern), hasTimestamp });
  });

  test.each([
    ['is too long', `^(?<signature>${'a'.repeat(200)})$`, 'is longer than 200 characters'],
    ['is open at its beginning', '(?<signature>a)$', 'does not begin with ^ and end with $'],
    ['is open at its end', '^(?<signature>a)', 'does not begin with ^ and end with $'],
    ['has no signature', '^[0-9a-f]+$', 'has no group (?<signature>…)'],
    ['has two', '^(?<signature>a)(?<signature>b)$', 'has a group twice'],
    ['repeats a repetition', '^(?<signature>(a+)+)$', 'has something that is not allowed at "(a+)+)"'],
    ['repeats a group', '^(?<signature>a+)*$', 'repeats a group'],
    ['has alternatives', '^(?<signature>a|aa)$', 'has something that is not allowed at "|aa)"'],
    ['refers back', '^(?<signature>a)\\1$', 'has something that is not allowed at "\\\\1"'],
    ['looks ahead', '^(?=a)(?<signature>a)$', 'has something that is not allowed at "(?=a)(?<signature>a)"'],
    ['is lazy', '^(?<signature>a+?)$', 'has something that is not allowed at "?)"'],
    ['does not close a group', '^(?<signature>a$', 'does not close a group'],
    ['may end a repetition anywhere', '^.*(?<signature>a+)$', 'repeats . without a character after it'],
    ['has two repetitions side by side', '^\\d+\\d+(?<signature>a)$', 'repeats \\d without a character after it'],
    ['has an option before the same', '^a?a(?<signature>b)$', 'repeats a without a character after it'],
    ['has a wrong range', '^(?<signature>[z-a])$', 'is no regular expression'],
  ])('that %s is refused, and it is said why', (_name, pattern, fault) => {
    expect(compilePattern(pattern).fault).toContain(fault);
  });

  test('that is taken decides on any header of full length', () => {
    const piece = fc.constantFrom('a', 'b', '=', '.', '\\d', '[ab]', '[^,]', ',', 'a+', '[ab]*', '\\d{2,}', '.+', 'b?');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom('a', 'ab', '1', ',', 'a,'), (pieces, unit) => {
        const compiled = compilePattern(`^${pieces.join('')}(?<signature>[ab]+)$`);
        // A pattern that backtracks would not come back from here.
        const header = unit.repeat(MAX_HEADER_LENGTH).slice(0, MAX_HEADER_LENGTH - 1);
        compiled.value?.regex.test(`${header}!`);
      }),
    );
  });
});
