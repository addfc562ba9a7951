import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KnownCostRate } from '../../src/domain/cost-rates.ts';
import { addDecimals, formatDecimal, parseDecimal } from '../../src/domain/decimal.ts';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import { foldUsageEvents } from '../../src/projections/fold-usage-events.ts';
import type { NumberedUsageLine } from '../../src/projections/fold-usage-events.ts';
import type { PricePlans } from '../../src/projections/price-plans.ts';
import { at } from './recorded-event.ts';
import { assignment, cost, costRate, moved, noPlans, rateSet, seconds } from './usage-events.ts';

describe('the cost of a usage', () => {
  /** What of a line speaks of cost. */
  const costs = (changes: { lines: readonly NumberedUsageLine[] }) =>
    changes.lines.map(({ lineNo, line: { bucket, measures, cause } }) =>
      [
        `${lineNo} ${cause} ${bucket.kind} ${bucket.tenantId}`,
        `${measures.facts} fact`,
        measures.quantity,
        `${measures.cost} ${bucket.costCurrency}`.trim(),
        `${measures.rated} ${bucket.ratedCurrency}`.trim(),
        bucket.costStatus,
        bucket.ratePosition ?? 'no rate',
        `${measures.uncosted} uncosted`,
      ].join(' | '),
    );
  const fold = (
    before: readonly RecordedEvent[],
    event: RecordedEvent,
    rates: readonly KnownCostRate[] = [],
    plans: PricePlans = noPlans,
  ) => {
    const { facts } = foldUsageEvents({ plans, rates }, [], before);
    return foldUsageEvents({ plans, rates }, facts, [event]);
  };
  const rate = costRate(1, '0.001');
  const call = seconds('CallEnded', '60', { position: 5 });

  test('is nobody’s guess without a cost or a rate: the usage counts as uncosted', () => {
    expect(costs(fold([], call))).toEqual(['1 fact usage A | 1 fact | 60 | 0 | 0 | final | no rate | 1 uncosted']);
  });

  test('is estimated by the rate, as a line of its own', () => {
    const changes = fold([], call, [rate]);
    expect(costs(changes)).toEqual([
      '1 fact usage A | 1 fact | 60 | 0 | 0 | final | no rate | 0 uncosted',
      '2 fact cost A | 1 fact | 60 | 0.06 USD | 0 | estimated | 1 | 0 uncosted',
    ]);
    expect(changes.facts).toMatchObject([{ isCostFinal: false, estimate: { ratePosition: 1n } }]);
  });

  test('is estimated again when a later report says another quantity', () => {
    expect(costs(fold([call], seconds('CallAnalyzed', '50', { position: 6 }), [rate]))).toEqual([
      '1 superseded usage A | 0 fact | -10 | 0 | 0 | final | no rate | 0 uncosted',
      '2 superseded cost A | 0 fact | -10 | -0.01 USD | 0 | estimated | 1 | 0 uncosted',
    ]);
  });

  test('of the provider’s own takes the estimate of its stream back, and ends the waiting of usage without one', () => {
    expect(costs(fold([call], cost('0.05', { position: 6 }), [rate]))).toEqual([
      '1 fact cost A | 1 fact | 0 | 0.05 USD | 0 | final | no rate | 0 uncosted',
      '2 final cost A | -1 fact | -60 | -0.06 USD | 0 | estimated | 1 | 0 uncosted',
    ]);
    expect(costs(fold([call], cost('0.05', { position: 6 })))).toEqual([
      '1 fact cost A | 1 fact | 0 | 0.05 USD | 0 | final | no rate | 0 uncosted',
      '2 final usage A | 0 fact | 0 | 0 | 0 | final | no rate | -1 uncosted',
    ]);
  });

  test('that was there first leaves nothing to estimate, whatever is reported or set later', () => {
    const before = [cost('0.05', { position: 4 })];
    expect(costs(fold(before, call, [rate]))).toEqual([
      '1 fact usage A | 1 fact | 60 | 0 | 0 | final | no rate | 0 uncosted',
    ]);
    expect(fold([...before, call], rateSet(9, '7'), [rate, costRate(9, '7')]).lines).toEqual([]);
    expect(fold([...before, call], cost('0.06', { position: 6, rank: 20 }), [rate]).lines).toHaveLength(1);
  });

  test('of another stream changes nothing here', () => {
    expect(costs(fold([call], cost('0.05', { position: 6, stream: '2' }), [rate]))).toHaveLength(1);
  });

  test('is estimated anew when a rate is set, by what was known at that event only', () => {
    expect(costs(fold([call], rateSet(9, '0.002'), [costRate(9, '0.002'), costRate(10, '5')]))).toEqual([
      '1 re-estimated usage A | 0 fact | 0 | 0 | 0 | final | no rate | -1 uncosted',
      '2 re-estimated cost A | 1 fact | 60 | 0.12 USD | 0 | estimated | 9 | 0 uncosted',
    ]);
  });

  test('that has an estimate is estimated anew by a later rate only if that says so', () => {
    expect(costs(fold([call], rateSet(9, '0.002'), [rate, costRate(9, '0.002')]))).toEqual([]);
    const again = [rate, costRate(9, '0.002', { reprice: true })];
    expect(costs(fold([call], rateSet(9, '0.002', { reprice: true }), again))).toEqual([
      '1 re-estimated cost A | -1 fact | -60 | -0.06 USD | 0 | estimated | 1 | 0 uncosted',
      '2 re-estimated cost A | 1 fact | 60 | 0.12 USD | 0 | estimated | 9 | 0 uncosted',
    ]);
  });

  test('is passed on by a markup while it is an estimate, too, and moves with its stream', () => {
    const plans = new Map([['A', [assignment(2, [{ kind: 'markup', percent: '50' }])]]]);
    expect(costs(fold([], call, [rate], plans))[1]).toBe(
      '2 fact cost A | 1 fact | 60 | 0.06 USD | 0.09 USD | estimated | 1 | 0 uncosted',
    );
    expect(costs(fold([call], moved(6, 'B'), [rate], plans))).toEqual([
      '1 tenant-moved usage A | -1 fact | -60 | 0 | 0 | final | no rate | 0 uncosted',
      '2 tenant-moved usage B | 1 fact | 60 | 0 | 0 | final | no rate | 0 uncosted',
      '3 tenant-moved cost A | -1 fact | -60 | -0.06 USD | -0.09 USD | estimated | 1 | 0 uncosted',
      '4 tenant-moved cost B | 1 fact | 60 | 0.06 USD | 0 | estimated | 1 | 0 uncosted',
    ]);
  });

  test('the order of usage and cost does not change what is estimated, final and uncosted', () => {
    const rates = [costRate(0, '0.001'), costRate(0, '0.002', { direction: 'inbound', position: -1n })];
    const anyEvent = fc.record({
      isCost: fc.boolean(),
      stream: fc.constantFrom('1', '2', '3'),
      quantity: fc.constantFrom('10', '20.25', '0'),
      minute: fc.integer({ min: 0, max: 59 }),
    });
    const distinctTimes = fc.uniqueArray(anyEvent, { selector: ({ minute }) => minute, minLength: 1, maxLength: 12 });
    const shuffled = distinctTimes.chain((told) =>
      fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length })),
    );
    const figures = (told: readonly { isCost: boolean; stream: string; quantity: string; minute: number }[]) => {
      const events = told.map(({ isCost, stream, quantity, minute }, index) => {
        const options = { position: index + 1, stream, providerTime: at(`10:${String(minute).padStart(2, '0')}`) };
        return isCost ? cost(quantity, options) : seconds('CallEnded', quantity, options);
      });
      const sums = new Map<string, string>();
      for (const { line } of foldUsageEvents({ plans: noPlans, rates }, [], events).lines) {
        for (const measure of ['cost', 'uncosted', 'facts'] as const) {
          const key = `${line.factKey} ${line.bucket.kind} ${line.bucket.costStatus} ${measure}`;
          const sum = addDecimals(parseDecimal(sums.get(key) ?? '0'), parseDecimal(line.measures[measure]));
          sums.set(key, formatDecimal(sum));
        }
      }
      return new Map([...sums].filter(([, sum]) => sum !== '0').toSorted());
    };
    fc.assert(fc.property(shuffled, ([told, permutation]) => expect(figures(permutation)).toEqual(figures(told))));
  });
});
