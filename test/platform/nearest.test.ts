import { expect, test } from '@jest/globals';
import { nearest } from '../../src/platform/nearest.ts';

const words = ['status', 'start', 'sources', 'send', 'dead-letters'];

test.each([
  ['statsu', 'status'],
  ['SEND', 'send'],
  ['dead-leters', 'dead-letters'],
  ['source', 'sources'],
])('%s is taken for %s', (typed, meant) => {
  expect(nearest(typed, words)).toBe(meant);
});

test.each(['', 'webhooks', 'xyzzy'])('"%s" is like none of them', (typed) => {
  expect(nearest(typed, words)).toBeUndefined();
});
