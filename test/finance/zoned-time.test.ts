import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { zonedTime } from '../../src/finance/zoned-time.ts';

test.each([
  ['2026-03-28T23:00:00Z', 'Europe/Berlin', '2026-03-29T00:00:00+01:00'],
  ['2026-03-29T22:00:00Z', 'Europe/Berlin', '2026-03-30T00:00:00+02:00'],
  ['2026-11-01T04:00:00Z', 'America/New_York', '2026-11-01T00:00:00-04:00'],
  ['2026-03-01T00:00:00.250Z', 'Asia/Kathmandu', '2026-03-01T05:45:00.250+05:45'],
  ['2026-03-01T00:00:00Z', 'UTC', '2026-03-01T00:00:00Z'],
  ['1880-01-01T00:00:00Z', 'Europe/Amsterdam', '1880-01-01T00:00:00Z'],
])('%s in %s is %s', (at, tz, expected) => {
  expect(zonedTime(new Date(at), tz)).toBe(expected);
});

test('it is the same instant in every zone', () => {
  const zones = ['UTC', 'Pacific/Chatham', 'America/St_Johns', 'Australia/Lord_Howe', 'America/Havana'];
  fc.assert(
    fc.property(
      fc.date({ noInvalidDate: true, min: new Date('1970-01-01'), max: new Date('2100-01-01') }),
      fc.constantFrom(...zones),
      (at, tz) => {
        expect(Date.parse(zonedTime(at, tz))).toBe(at.getTime());
      },
    ),
  );
});
