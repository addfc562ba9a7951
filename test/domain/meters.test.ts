import { describe, expect, test } from '@jest/globals';
import type { Aggregation, MeteredFact } from '../../src/domain/meters.ts';
import { aggregate, AGGREGATIONS, isAdditive } from '../../src/domain/meters.ts';

/** A gauge of seats, read now and then; times are of 1 March 2026. */
function reading(clock: string, quantity: string | null, fact: Partial<MeteredFact> = {}): MeteredFact {
  return {
    factKey: `gauge/1#seats/${clock}`,
    streamKey: 'gauge/1',
    tenantId: 'tnt_a',
    provider: 'acme',
    meter: 'seats',
    unit: 'seat',
    occurredAt: at(clock),
    position: 1n,
    quantity,
    ...fact,
  };
}

const at = (clock: string) => new Date(`2026-03-01T${clock}:00Z`);
const later = new Date('2026-04-01T00:00:00Z');
const hours = (from: string, to: string, recordedAt = later) => ({ from: at(from), to: at(to), recordedAt });

const of = (aggregation: Aggregation, facts: readonly MeteredFact[], window = hours('00:00', '12:00')) =>
  aggregate(aggregation, facts, window);

describe('the figure of a window', () => {
  const second = { streamKey: 'gauge/2', factKey: 'gauge/2#seats' };
  const facts = [reading('01:00', '5'), reading('02:00', '2.5'), reading('03:00', '-4', second), reading('12:00', '9')];

  test.each<[Aggregation, string]>([
    ['sum', '3.5'],
    ['count', '3'],
    ['unique', '2'],
    ['max', '5'],
    ['latest', '-4'],
  ])('%s is of the facts in it', (aggregation, figure) => {
    expect(of(aggregation, facts)).toBe(figure);
  });

  test.each<[Aggregation, string | null]>([
    ['sum', '0'],
    ['count', '0'],
    ['unique', '0'],
    ['max', null],
    ['latest', null],
    ['time_weighted', null],
  ])('%s of no facts', (aggregation, figure) => {
    expect(of(aggregation, [])).toBe(figure);
  });

  test.each<[Aggregation, string | null]>([
    ['sum', '0'],
    ['count', '1'],
    ['unique', '1'],
    ['max', null],
    ['latest', null],
    ['time_weighted', null],
  ])('%s of a fact whose quantity is not told', (aggregation, figure) => {
    expect(of(aggregation, [reading('01:00', null)])).toBe(figure);
  });

  test('adds up over windows for sum and count alone', () => {
    expect(AGGREGATIONS.filter(isAdditive)).toEqual(['sum', 'count']);
  });
});

describe('the latest of facts at one time', () => {
  test('is the one that was put there last, then the one with the greater key', () => {
    const early = reading('01:00', '1', { factKey: 'c', position: 5n });
    const late = reading('01:00', '2', { factKey: 'b', position: 7n });
    const twin = reading('01:00', '3', { factKey: 'a', position: 7n });
    expect(of('latest', [late, early, twin])).toBe('2');
    expect(of('latest', [twin, early])).toBe('3');
  });

  test('is one that tells a quantity', () => {
    expect(of('latest', [reading('01:00', '7'), reading('02:00', null)])).toBe('7');
  });
});

describe('a time-weighted average', () => {
  const average = (facts: readonly MeteredFact[], window = hours('00:00', '12:00')) =>
    of('time_weighted', facts, window);

  test('weighs each level by how long it held, and counts as nothing before the first', () => {
    expect(average([reading('03:00', '4'), reading('06:00', '10')])).toBe('6');
  });

  test('begins with the level from before the window, which holds in windows without a fact', () => {
    const facts = [reading('01:00', '8'), reading('05:00', '2')];
    expect(average(facts, hours('04:00', '06:00'))).toBe('5');
    expect(average(facts, hours('08:00', '09:00'))).toBe('2');
    expect(average(facts, hours('00:00', '01:00'))).toBeNull();
  });

  test('adds the levels of several things', () => {
    const other = reading('06:00', '20', { streamKey: 'gauge/2', factKey: 'gauge/2#seats' });
    expect(average([reading('00:00', '4'), other])).toBe('14');
  });

  test('keeps the levels of one thing on two meters apart', () => {
    expect(average([reading('00:00', '4'), reading('06:00', '1', { meter: 'desks' })])).toBe('4.5');
  });

  test('holds the level before a fact whose quantity is not told', () => {
    expect(average([reading('00:00', '4'), reading('06:00', null)])).toBe('4');
  });

  test('of a window that is not over ends when the position was recorded; of one to come there is none', () => {
    const facts = [reading('00:00', '4'), reading('03:00', '8'), reading('09:00', '100')];
    expect(average(facts, hours('00:00', '12:00', at('06:00')))).toBe('6');
    expect(average(facts, hours('06:00', '12:00', at('06:00')))).toBeNull();
  });

  test('is rounded to 12 decimals, half away from zero', () => {
    expect(average([reading('04:00', '1')])).toBe('0.666666666667');
    expect(average([reading('04:00', '-1')])).toBe('-0.666666666667');
    expect(average([reading('06:00', '0.000000000001')])).toBe('0.000000000001');
    expect(average([reading('06:00', '0.0000000000009999')])).toBe('0');
  });
});
