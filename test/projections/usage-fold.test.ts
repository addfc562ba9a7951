import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import type { PricePlanComponent } from '../../src/domain/pricing.ts';
import { foldUsageEvents } from '../../src/projections/fold-usage-events.ts';
import type { NumberedUsageLine } from '../../src/projections/fold-usage-events.ts';
import type { PricePlans } from '../../src/projections/price-plans.ts';
import { UnfoldableEventError } from '../../src/projections/projection.ts';
import { at, recordedEvent } from './recorded-event.ts';
import { assignedPlan, assignment, cost, moved, noPlans, perSecond, seconds } from './usage-events.ts';

function given(events: readonly RecordedEvent[], plans: PricePlans = noPlans) {
  const { facts, lines } = foldUsageEvents({ plans, rates: [] }, [], events);
  return {
    facts,
    when: (event: RecordedEvent) => {
      const changes = foldUsageEvents({ plans, rates: [] }, facts, [event]);
      return { ...changes, lines: changes.lines.map(brief) };
    },
    lines,
  };
}

/** The parts of a line that a test speaks of. */
function brief({ lineNo, line }: NumberedUsageLine) {
  const { bucket, measures, cause } = line;
  return [
    lineNo,
    cause,
    bucket.tenantId,
    `${measures.facts} fact`,
    `${measures.quantity} ${bucket.unit}`,
    `${measures.cost} ${bucket.costCurrency}`.trim(),
    `${measures.rated} ${bucket.ratedCurrency}`.trim(),
    `${measures.unpriced} unpriced`,
  ].join(' | ');
}

describe('a usage fact', () => {
  test('reported for the first time is a line with all of it, unpriced without a plan', () => {
    const { lines, facts } = given([]).when(seconds('CallEnded', '61.5', { position: 1 }));
    expect(lines).toEqual(['1 | fact | A | 1 fact | 61.5 second | 0 | 0 | 1 unpriced']);
    expect(facts).toMatchObject([
      { factKey: 'call/1#call_seconds', position: 1n, quantity: '61.5', differingReports: 0 },
    ]);
  });

  test('is priced by the plan of its tenant', () => {
    const plans = new Map([['A', [assignment(1, [perSecond('0.002')])]]]);
    const { lines, facts } = given([], plans).when(seconds('CallEnded', '61.5', { position: 2 }));
    expect(lines).toEqual(['1 | fact | A | 1 fact | 61.5 second | 0 | 0.123 USD | 0 unpriced']);
    expect(facts).toMatchObject([{ planId: 'plan-1', rated: { amount: '0.123', currency: 'USD' } }]);
  });

  test('that the plan does not speak of stays unpriced', () => {
    const plans = new Map([['A', [assignment(1, [{ kind: 'per_unit', meter: 'sms', unitPrice: '1' }])]]]);
    const { lines, facts } = given([], plans).when(seconds('CallEnded', '60', { position: 2 }));
    expect(lines).toEqual(['1 | fact | A | 1 fact | 60 second | 0 | 0 | 1 unpriced']);
    expect(facts).toMatchObject([{ planId: null }]);
  });

  test('reported again with the same value, by either type first, adds no line', () => {
    const ended = seconds('CallEnded', '60', { position: 1 });
    const analyzed = seconds('CallAnalyzed', '60.0', { position: 2 });
    expect(given([ended]).when(analyzed)).toMatchObject({ lines: [], facts: [{ rank: 20, differingReports: 0 }] });
    const earlyAnalyzed = seconds('CallAnalyzed', '60', { position: 1 });
    const lateEnded = seconds('CallEnded', '60', { position: 2 });
    expect(given([earlyAnalyzed]).when(lateEnded)).toMatchObject({ lines: [], facts: [{ rank: 20, position: 1n }] });
  });

  test('superseded by a greater report with another value is one line with the difference', () => {
    const { lines, facts } = given([seconds('CallEnded', '60', { position: 1 })]).when(
      seconds('CallAnalyzed', '58.5', { position: 2 }),
    );
    expect(lines).toEqual(['1 | superseded | A | 0 fact | -1.5 second | 0 | 0 | 0 unpriced']);
    expect(facts).toMatchObject([{ quantity: '58.5', rank: 20, position: 2n, differingReports: 1 }]);
  });

  test('is not changed by a lower report that differs: that is counted, and shown', () => {
    const { lines, facts } = given([seconds('CallAnalyzed', '58.5', { position: 1 })]).when(
      seconds('CallEnded', '60', { position: 2 }),
    );
    expect(lines).toEqual([]);
    expect(facts).toMatchObject([{ quantity: '58.5', rank: 20, position: 1n, differingReports: 1 }]);
  });

  test('of equal rank follows the provider time, then the position', () => {
    const first = seconds('CallEnded', '60', { position: 1, providerTime: at('09:10') });
    const older = seconds('CallEnded', '50', { position: 2, providerTime: at('09:05') });
    const same = seconds('CallEnded', '70', { position: 3, providerTime: at('09:10') });
    expect(given([first]).when(older).facts).toMatchObject([{ quantity: '60' }]);
    expect(given([first, older]).when(same).facts).toMatchObject([{ quantity: '70', differingReports: 2 }]);
  });

  test('that moves in time is taken out of the old place and put into the new one', () => {
    const { lines } = given([seconds('CallEnded', '60', { position: 1 })]).when(
      seconds('CallAnalyzed', '60', { position: 2, occurredAt: at('08:00') }),
    );
    expect(lines).toEqual([
      '1 | superseded | A | -1 fact | -60 second | 0 | 0 | -1 unpriced',
      '2 | superseded | A | 1 fact | 60 second | 0 | 0 | 1 unpriced',
    ]);
  });

  test('keeps its tenant when a report names another one: only a move changes that', () => {
    const { lines, facts } = given([seconds('CallEnded', '60', { position: 1 })]).when(
      seconds('CallAnalyzed', '61', { position: 2, tenantId: 'B' }),
    );
    expect(lines).toEqual(['1 | superseded | A | 0 fact | 1 second | 0 | 0 | 0 unpriced']);
    expect(facts).toMatchObject([{ tenantId: 'A' }]);
  });

  test('is not made of a call that reports none', () => {
    const { lines, facts } = given([]).when(recordedEvent('CallEnded', { position: 1, kind: 'call', data: {} }));
    expect(lines).toEqual([]);
    expect(facts).toEqual([]);
  });
});

describe('a cost fact', () => {
  test('is passed on only by a markup, and is never unpriced', () => {
    const event = cost('0.1', { position: 9 });
    expect(given([]).when(event).lines).toEqual(['1 | fact | A | 1 fact | 0 call | 0.1 USD | 0 | 0 unpriced']);
    const plans = new Map([['A', [assignment(1, [{ kind: 'markup', percent: '25' }])]]]);
    expect(given([], plans).when(event).lines).toEqual([
      '1 | fact | A | 1 fact | 0 call | 0.1 USD | 0.125 USD | 0 unpriced',
    ]);
  });

  test('in another currency than before leaves the old one and joins the new one: they are never added', () => {
    const { lines } = given([cost('0.1', { position: 1 })]).when(
      cost('0.09', { position: 2, rank: 20, currency: 'EUR' }),
    );
    expect(lines).toEqual([
      '1 | superseded | A | -1 fact | 0 call | -0.1 USD | 0 | 0 unpriced',
      '2 | superseded | A | 1 fact | 0 call | 0.09 EUR | 0 | 0 unpriced',
    ]);
  });

  test('may be negative', () => {
    expect(given([]).when(cost('-0.02', { position: 1 })).lines).toEqual([
      '1 | fact | A | 1 fact | 0 call | -0.02 USD | 0 | 0 unpriced',
    ]);
  });
});

describe('a stream that moves to another tenant', () => {
  const plans = new Map([
    ['A', [assignment(1, [perSecond('0.01')])]],
    ['B', [assignment(2, [perSecond('0.02')])]],
  ]);
  const call = [seconds('CallEnded', '60', { position: 3 }), cost('0.1', { position: 4 })];

  test('takes its facts out of the old tenant and into the new one, at the price of the new one', () => {
    const { lines, facts } = given(call, plans).when(moved(5, 'B'));
    expect(lines).toEqual([
      '1 | tenant-moved | A | -1 fact | -60 second | 0 | -0.6 USD | 0 unpriced',
      '2 | tenant-moved | B | 1 fact | 60 second | 0 | 1.2 USD | 0 unpriced',
      '3 | tenant-moved | A | -1 fact | 0 call | -0.1 USD | 0 | 0 unpriced',
      '4 | tenant-moved | B | 1 fact | 0 call | 0.1 USD | 0 | 0 unpriced',
    ]);
    expect(facts.map(({ tenantId }) => tenantId)).toEqual(['B', 'B']);
  });

  test('leaves the facts of other streams alone', () => {
    const other = seconds('CallEnded', '5', { position: 4, stream: '2' });
    expect(given([...call, other], plans).when(moved(6, 'B', '2')).facts).toHaveLength(1);
  });

  test('moves nothing that is there already, and nothing where there is nothing', () => {
    const already = given([seconds('CallEnded', '60', { position: 3, tenantId: 'B' })], plans).when(moved(4, 'B'));
    expect(already).toMatchObject({ lines: [], facts: [] });
    expect(given([], plans).when(moved(4, 'B'))).toMatchObject({ lines: [], facts: [] });
  });
});

describe('a price plan that is assigned', () => {
  const call = [seconds('CallEnded', '60', { position: 1 }), cost('0.1', { position: 2 })];
  const first = assignment(3, [perSecond('0.01'), { kind: 'markup', percent: '10' }]);

  test('prices what was used before, from its start on', () => {
    const plans = new Map([['A', [first]]]);
    expect(given(call, plans).when(assignedPlan(3, 'plan-3')).lines).toEqual([
      '1 | re-rated | A | -1 fact | -60 second | 0 | 0 | -1 unpriced',
      '2 | re-rated | A | 1 fact | 60 second | 0 | 0.6 USD | 0 unpriced',
      '3 | re-rated | A | -1 fact | 0 call | -0.1 USD | 0 | 0 unpriced',
      '4 | re-rated | A | 1 fact | 0 call | 0.1 USD | 0.11 USD | 0 unpriced',
    ]);
  });

  test('does not touch what was used before its start, nor other tenants', () => {
    const later = new Map([['A', [assignment(3, [perSecond('0.01')], { validFrom: at('09:01') })]]]);
    expect(given(call, later).when(assignedPlan(3, 'plan-3', { validFrom: at('09:01') })).lines).toEqual([]);
    const other = new Map([['B', [first]]]);
    expect(given(call, other).when(assignedPlan(3, 'plan-3', { tenantId: 'B' })).lines).toEqual([]);
  });

  test('leaves what is priced already alone: it prices what has no price, and what comes after', () => {
    const perChat: PricePlanComponent = { kind: 'per_unit', meter: 'chats', unitPrice: '1' };
    const plans = new Map([['A', [first, assignment(4, [perSecond('0.03'), perChat])]]]);
    const chat = seconds('CallEnded', '1', { position: 2, stream: '2', meter: 'chats', unit: 'chat' });
    const { when } = given([...call, chat, assignedPlan(3, 'plan-3')], plans);
    const assigned = assignedPlan(4, 'plan-4');
    const { lines, facts } = when(assigned);
    expect(lines).toEqual([
      '1 | re-rated | A | -1 fact | -1 chat | 0 | 0 | -1 unpriced',
      '2 | re-rated | A | 1 fact | 1 chat | 0 | 1 USD | 0 unpriced',
    ]);
    expect(facts).toMatchObject([{ factKey: 'call/2#call_seconds', planId: 'plan-4', componentNo: 1 }]);
    const later = seconds('CallEnded', '10', { position: 5, stream: '3' });
    expect(given([...call, chat, assignedPlan(3, 'plan-3'), assigned], plans).when(later).lines).toEqual([
      '1 | fact | A | 1 fact | 10 second | 0 | 0.3 USD | 0 unpriced',
    ]);
    // A report that comes after corrects what was used, not by which plan.
    expect(when(seconds('CallAnalyzed', '50', { position: 5 })).lines).toEqual([
      '1 | superseded | A | 0 fact | -10 second | 0 | -0.1 USD | 0 unpriced',
    ]);
  });

  test('passes on no cost that the plan before it did not', () => {
    const plans = new Map([
      ['A', [assignment(3, [perSecond('0.01')]), assignment(4, [{ kind: 'markup', percent: '10' }])]],
    ]);
    expect(given([...call, assignedPlan(3, 'plan-3')], plans).when(assignedPlan(4, 'plan-4')).lines).toEqual([]);
  });

  test('that comes to a tenant before a call does prices it, whatever was assigned in between', () => {
    const plans = new Map([['B', [first, assignment(4, [perSecond('0.03')])]]]);
    expect(given(call, plans).when(moved(5, 'B')).facts).toMatchObject([{ planId: 'plan-4' }, { planId: null }]);
  });

  test('replaces the price of an earlier plan where it says so', () => {
    const plans = new Map([['A', [first, assignment(4, [perSecond('0.03')], { reprice: true })]]]);
    const { lines } = given([...call, assignedPlan(3, 'plan-3')], plans).when(
      assignedPlan(4, 'plan-4', { reprice: true }),
    );
    expect(lines).toEqual([
      '1 | re-rated | A | -1 fact | -60 second | 0 | -0.6 USD | 0 unpriced',
      '2 | re-rated | A | 1 fact | 60 second | 0 | 1.8 USD | 0 unpriced',
      '3 | re-rated | A | -1 fact | 0 call | -0.1 USD | -0.11 USD | 0 unpriced',
      '4 | re-rated | A | 1 fact | 0 call | 0.1 USD | 0 | 0 unpriced',
    ]);
  });

  test('is not known to events before it, even where its row is there already', () => {
    const plans = new Map([['A', [first]]]);
    expect(given([], plans).when(seconds('CallEnded', '60', { position: 2 })).lines).toEqual([
      '1 | fact | A | 1 fact | 60 second | 0 | 0 | 1 unpriced',
    ]);
  });
});

describe('a usage that is priced with its month', () => {
  const included: PricePlanComponent = {
    kind: 'included',
    meter: 'call_seconds',
    direction: 'outbound',
    quantity: '1000',
    unitPrice: '0.01',
  };
  const plans = new Map([['A', [assignment(1, [perSecond('0.002'), included])]]]);
  const outbound = { ...seconds('CallEnded', '60', { position: 5 }), data: { direction: 'outbound' } };
  const inbound = seconds('CallEnded', '60', { position: 5 });

  test('is not unpriced, and carries no amount but the component that prices it', () => {
    const { facts, lines } = foldUsageEvents({ plans, rates: [] }, [], [outbound]);
    expect(lines.map(brief)).toEqual(['1 | fact | A | 1 fact | 60 second | 0 | 0 | 0 unpriced']);
    expect(lines).toMatchObject([
      { line: { bucket: { planId: 'plan-1', pricedBy: 'aggregate', componentNo: '1', ratedCurrency: '' } } },
    ]);
    expect(facts).toMatchObject([{ rated: null, planId: 'plan-1', pricedBy: 'aggregate', componentNo: 1 }]);
  });

  test('leaves the month when a report says that it is of another price', () => {
    const answered = { ...seconds('CallAnalyzed', '60', { position: 6 }), data: { direction: 'inbound' } };
    expect(given([outbound], plans).when(answered).lines).toEqual([
      '1 | superseded | A | -1 fact | -60 second | 0 | 0 | 0 unpriced',
      '2 | superseded | A | 1 fact | 60 second | 0 | 0.12 USD | 0 unpriced',
    ]);
    expect(given([], plans).when(inbound).facts).toMatchObject([{ pricedBy: 'fact', componentNo: 0 }]);
  });

  test('is decided on: a later plan prices it only if it says so', () => {
    const both = (reprice: boolean) =>
      new Map([['A', [...(plans.get('A') ?? []), assignment(6, [perSecond('1')], { reprice })]]]);
    expect(given([outbound], both(false)).when(assignedPlan(6, 'plan-6')).lines).toEqual([]);
    expect(given([outbound], both(true)).when(assignedPlan(6, 'plan-6', { reprice: true })).lines).toEqual([
      '1 | re-rated | A | -1 fact | -60 second | 0 | 0 | 0 unpriced',
      '2 | re-rated | A | 1 fact | 60 second | 0 | 60 USD | 0 unpriced',
    ]);
  });
});

test('an event whose data no schema reads stops the fold and is named', () => {
  const broken = { ...moved(7, 'B'), data: { nonsense: true } };
  expect(() => given([seconds('CallEnded', '60', { position: 1 })]).when(broken)).toThrow(UnfoldableEventError);
  expect(() => given([seconds('CallEnded', '60', { position: 1 })]).when(broken)).toThrow(/at position 7/);
});

describe('whatever the history', () => {
  const report = fc.record({
    type: fc.constantFrom('CallEnded' as const, 'CallAnalyzed' as const),
    stream: fc.constantFrom('1', '2'),
    quantity: fc.constantFrom('10', '10.0', '20.25', '0'),
    minute: fc.integer({ min: 0, max: 59 }),
    hour: fc.constantFrom('08:00', '09:00'),
  });
  type AnyReport = typeof report extends fc.Arbitrary<infer R> ? R : never;
  const positioned = (reports: readonly AnyReport[]) =>
    reports.map(({ type, stream, quantity, minute, hour }, index) =>
      seconds(type, quantity, {
        position: index + 1,
        stream,
        providerTime: at(`10:${String(minute).padStart(2, '0')}`),
        occurredAt: at(hour),
      }),
    );

  test('the order in which reports arrive does not change the figures', () => {
    const distinctTimes = fc.uniqueArray(report, { selector: ({ minute }) => minute, minLength: 1, maxLength: 12 });
    const shuffled = distinctTimes.chain((reports) =>
      fc.tuple(fc.constant(reports), fc.shuffledSubarray(reports, { minLength: reports.length })),
    );
    fc.assert(
      fc.property(shuffled, ([reports, permutation]) => {
        const one = given(positioned(reports));
        const other = given(positioned(permutation));
        expect(totals(other.lines)).toEqual(totals(one.lines));
        const disagrees = ({ facts }: typeof one) =>
          new Map(facts.map(({ factKey, differingReports }) => [factKey, differingReports > 0]));
        expect(disagrees(other)).toEqual(disagrees(one));
      }),
    );
  });

  test('the lines of a fact add up to the fact, and duplicates of all reports change nothing', () => {
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 12 }), (reports) => {
        const once = given(positioned(reports));
        const expected = new Map<string, string>();
        for (const { factKey, occurredAt, quantity } of once.facts) {
          expected.set(`${factKey} ${occurredAt.toISOString()}`, formatDecimal(parseDecimal(quantity ?? '0')));
        }
        expect(totals(once.lines)).toEqual(new Map([...expected].filter(([, quantity]) => quantity !== '0')));
        const events = positioned(reports);
        const again = foldUsageEvents({ plans: noPlans, rates: [] }, once.facts, events);
        expect(totals([...once.lines, ...again.lines])).toEqual(totals(once.lines));
      }),
    );
  });
});

/** Sum of quantities by fact and time, without those that are zero. */
function totals(lines: readonly NumberedUsageLine[]): Map<string, string> {
  const sums = new Map<string, string>();
  for (const { line } of lines) {
    const key = `${line.factKey} ${line.bucket.occurredAt}`;
    const sum = addDecimals(parseDecimal(sums.get(key) ?? '0'), parseDecimal(line.measures.quantity));
    sums.set(key, formatDecimal(sum));
  }
  return new Map([...sums].filter(([, quantity]) => quantity !== formatDecimal(ZERO)).toSorted());
}
