import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { listWindowStarts, resolveRange } from '../../src/finance/time-range.ts';
import type { RangeRequest, Window } from '../../src/finance/time-range.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const NOW = new Date('2026-03-20T12:00:00Z');

async function windows(request: Omit<RangeRequest, 'now'>, window: Window) {
  return withReadTransaction(database.pool, {}, async (tx) => {
    const range = await resolveRange(tx, { ...request, now: NOW });
    const starts = await listWindowStarts(tx, range, request.tz, window);
    return { range, starts, hours: lengths([...starts, range.to]) };
  });
}

function lengths(bounds: readonly Date[]): number[] {
  return bounds.slice(1).map((bound, i) => (bound.getTime() - (bounds[i]?.getTime() ?? 0)) / 3_600_000);
}

function dates(from: string, to: string) {
  return { from: { date: from }, to: { date: to } };
}

describe('ranges', () => {
  test('without bounds are the calendar month of now in the zone', async () => {
    const { range } = await windows({ tz: 'Europe/Berlin' }, 'none');
    expect(range).toEqual({ from: new Date('2026-02-28T23:00:00Z'), to: new Date('2026-03-31T22:00:00Z') });
  });

  test('with one bound reach from or to the edge of a month', async () => {
    const onlyTo = await windows({ to: { date: '2026-01-10' }, tz: 'UTC' }, 'none');
    expect(onlyTo.range.from).toEqual(new Date('2026-01-01T00:00:00Z'));
    const onlyFrom = await windows({ from: { date: '2026-05-10' }, tz: 'UTC' }, 'none');
    expect(onlyFrom.range.to).toEqual(new Date('2026-06-01T00:00:00Z'));
    const untilNow = await windows({ from: { date: '2025-05-10' }, tz: 'UTC' }, 'none');
    expect(untilNow.range.to).toEqual(new Date('2026-04-01T00:00:00Z'));
  });

  test('that end where they begin, or before, are refused by name', async () => {
    await expect(windows({ ...dates('2026-03-02', '2026-03-02'), tz: 'UTC' }, 'none')).rejects.toThrow(/^to: /);
  });

  test('that would make too many windows are refused by name', async () => {
    await expect(windows({ ...dates('2020-01-01', '2026-01-01'), tz: 'UTC' }, 'hour')).rejects.toThrow(/^window: /);
  });
});

describe('windows', () => {
  test('a day has 23 hours when the clock goes forward and 25 when it goes back', async () => {
    const spring = await windows({ ...dates('2026-03-28', '2026-03-31'), tz: 'Europe/Berlin' }, 'day');
    expect(spring.hours).toEqual([24, 23, 24]);
    const autumn = await windows({ ...dates('2026-10-31', '2026-11-03'), tz: 'America/New_York' }, 'day');
    expect(autumn.hours).toEqual([24, 25, 24]);
  });

  test('an hour that the clock shows twice is two hours', async () => {
    const { starts, hours } = await windows({ ...dates('2026-10-25', '2026-10-26'), tz: 'Europe/Berlin' }, 'hour');
    expect(starts).toHaveLength(25);
    expect(new Set(hours)).toEqual(new Set([1]));
  });

  test('months, quarters and weeks begin where the zone says, whatever its offset', async () => {
    const { starts: months } = await windows({ ...dates('2026-03-01', '2026-05-01'), tz: 'Asia/Kathmandu' }, 'month');
    expect(months).toEqual([new Date('2026-02-28T18:15:00Z'), new Date('2026-03-31T18:15:00Z')]);
    const { starts: quarters } = await windows(
      { ...dates('2026-01-01', '2026-07-01'), tz: 'Pacific/Chatham' },
      'quarter',
    );
    expect(quarters).toEqual([new Date('2025-12-31T10:15:00Z'), new Date('2026-03-31T10:15:00Z')]);
    const { starts: weeks } = await windows({ ...dates('2026-03-04', '2026-03-17'), tz: 'UTC' }, 'week');
    expect(weeks.map((start) => start.toISOString().slice(0, 10))).toEqual(['2026-03-04', '2026-03-09', '2026-03-16']);
  });

  test('begin a day at its first midnight where midnight comes twice, and at 01:00 where there is none', async () => {
    // Havana and the Azores go back from 01:00 to midnight; Asunción (until 2024) went forward from midnight to 01:00.
    const havana = await windows({ ...dates('2026-10-31', '2026-11-03'), tz: 'America/Havana' }, 'day');
    expect(havana.hours).toEqual([24, 25, 24]);
    const azores = await windows({ ...dates('2026-10-25', '2026-10-26'), tz: 'Atlantic/Azores' }, 'day');
    expect(azores.hours).toEqual([25]);
    const asuncion = await windows({ ...dates('2023-09-30', '2023-10-03'), tz: 'America/Asuncion' }, 'day');
    expect(asuncion.hours).toEqual([24, 23, 24]);
  });
});
