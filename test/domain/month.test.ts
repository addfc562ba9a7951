import { expect, test } from '@jest/globals';
import { datesOfMonth, nextMonth } from '../../src/domain/month.ts';

test('the month after December is January of the next year', () => {
  expect([nextMonth('2026-01'), nextMonth('2026-11'), nextMonth('2026-12'), nextMonth('0099-12')]).toEqual([
    '2026-02',
    '2026-12',
    '2027-01',
    '0100-01',
  ]);
  expect(datesOfMonth('2026-12')).toEqual({ from: '2026-12-01', to: '2027-01-01' });
});
