import { describe, expect, test } from '@jest/globals';
import { createBriefCache } from '../../src/tenants/brief-cache.ts';

const start = new Date('2026-03-01T12:00:00Z');

function setUp(maxEntries = 10) {
  let now = start;
  const cache = createBriefCache<string>({ clock: { now: () => now }, maxEntries });
  return {
    cache,
    at: (ms: number) => {
      now = new Date(start.getTime() + ms);
    },
  };
}

describe('the brief cache', () => {
  test('keeps an answer for less than a second, counted from the reading', () => {
    const { cache, at } = setUp();
    at(400);
    cache.set('key', 'value', start);
    at(999);
    expect(cache.get('key')).toBe('value');
    at(1_000);
    expect(cache.get('key')).toBeUndefined();
  });

  test('forgets an answer when the clock was set back', () => {
    const { cache, at } = setUp();
    cache.set('key', 'value', start);
    at(-1);
    expect(cache.get('key')).toBeUndefined();
  });

  test('drops the oldest answers when it is full', () => {
    const { cache } = setUp(2);
    for (const key of ['first', 'second', 'first', 'third']) cache.set(key, key, start);
    expect([cache.get('first'), cache.get('second'), cache.get('third')]).toEqual(['first', undefined, 'third']);
  });
});
