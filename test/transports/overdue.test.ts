import { expect, test } from '@jest/globals';
import { createOverdueWatch } from '../../src/transports/overdue.ts';
import type { Dated } from '../../src/transports/overdue.ts';

const delay: Dated = { kind: 'delay', key: 'a', date: '1000', forMs: 500 };

function watchAt(): { at(ms: number, ...standing: Dated[]): readonly Dated[] } {
  let time = 0;
  const watch = createOverdueWatch({ now: () => time });
  return {
    at(ms, ...standing) {
      time = ms;
      return watch.overdue(standing);
    },
  };
}

test('what stands unchanged is overdue when its time has passed since it was first seen, and stays so', () => {
  const watch = watchAt();
  expect(watch.at(10_000, delay)).toEqual([]);
  expect(watch.at(10_499, delay)).toEqual([]);
  expect(watch.at(10_500, delay)).toEqual([delay]);
  expect(watch.at(10_501, delay)).toEqual([delay]);
});

test('what is set anew begins anew, also when it was away meanwhile', () => {
  const watch = watchAt();
  watch.at(0, delay);
  const renewed = { ...delay, date: '1400' };
  expect(watch.at(500, renewed)).toEqual([]);
  expect(watch.at(999, renewed)).toEqual([]);
  expect(watch.at(1_000, renewed)).toEqual([renewed]);
  watch.at(1_001);
  expect(watch.at(1_002, renewed)).toEqual([]);
});

test('one is judged apart from the others: by queue entry and kind', () => {
  const watch = watchAt();
  const lock: Dated = { ...delay, kind: 'lock', forMs: 100 };
  const other: Dated = { ...delay, key: 'b' };
  watch.at(0, delay, lock);
  expect(watch.at(100, delay, lock, other)).toEqual([lock]);
  expect(watch.at(500, delay, other)).toEqual([delay]);
  expect(watch.at(600, delay, other)).toEqual([delay, other]);
});

test('what was to wait for nothing is overdue at first sight', () => {
  const at = { ...delay, forMs: 0 };
  expect(watchAt().at(7, at)).toEqual([at]);
});
