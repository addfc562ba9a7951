import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import type { CostReport } from '../../src/projections/cost-report.ts';
import { foldUsageEvents } from '../../src/projections/fold-usage-events.ts';
import type { NumberedUsageLine } from '../../src/projections/fold-usage-events.ts';
import type { UsageFact } from '../../src/projections/usage-fact.ts';
import { at, recordedEvent } from './recorded-event.ts';

const RANKS = { CallEnded: 10, CallTransferEnded: 15, CallAnalyzed: 20 } as const;
type Type = keyof typeof RANKS;
type Costs = Readonly<Record<string, string>>;

/** What one webhook says: the event, with the names of all costs, and one event for each cost. */
function told(type: Type, costs: Costs, minute = '10'): readonly RecordedEvent[] {
  const rank = RANKS[type];
  const providerTime = at(`09:${minute}`);
  const factNames = Object.keys(costs).map((component) => `cost/${component}`);
  const report = recordedEvent(type, {
    position: 0,
    kind: 'call',
    data: { costReport: { factNames, rank, providerTime: providerTime.toISOString() } },
  });
  const each = Object.entries(costs).map(([component, amount]) =>
    recordedEvent('CallCostReported', {
      position: 0,
      kind: 'call',
      fact: {
        key: `call/1#cost/${component}`,
        kind: 'cost',
        rank,
        providerTime,
        meter: component,
        unit: 'call',
        amount,
        currency: 'USD',
      },
      data: { component, isTransferLeg: false, amount, currency: 'USD' },
    }),
  );
  return [report, ...each];
}

/** In the order of the log, from position 1 on. */
const inOrder = (events: readonly RecordedEvent[], from = 1) =>
  events.map((event, index) => ({ ...event, position: BigInt(from + index) }));

const noPricing = { plans: new Map(), rates: [] };
const noReports: readonly CostReport[] = [];

/** Folds in batches of that size, with what a table would hold in between. */
function fold(events: readonly RecordedEvent[], batchSize = events.length) {
  const facts = new Map<string, UsageFact>();
  const lines: NumberedUsageLine[] = [];
  let reports = noReports;
  for (let start = 0; start < events.length; start += batchSize) {
    const batch = events.slice(start, start + batchSize);
    const changes = foldUsageEvents(noPricing, [...facts.values()], batch, 1, reports);
    for (const fact of changes.facts) facts.set(fact.factKey, fact);
    lines.push(...changes.lines);
    reports = [...reports, ...changes.costReports];
  }
  return { facts, lines };
}

function costs(lines: readonly NumberedUsageLine[]): Costs {
  const sums: Record<string, string> = {};
  for (const { line } of lines) {
    const key = line.bucket.meter;
    sums[key] = formatDecimal(addDecimals(parseDecimal(sums[key] ?? '0'), parseDecimal(line.measures.cost)));
  }
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== formatDecimal(ZERO)));
}

describe('a cost that a greater report of the whole cost leaves out', () => {
  const ended = told('CallEnded', { llm: '0.5', telephony: '0.25' });
  const analyzed = told('CallAnalyzed', { llm: '0.4' });

  test('is taken out by one line, and its fact stays, retired', () => {
    const { facts, lines } = fold(inOrder([...ended, ...analyzed]));
    expect(costs(lines)).toEqual({ llm: '0.4' });
    const telephony = lines.filter(({ line }) => line.factKey === 'call/1#cost/telephony');
    expect(telephony.map(({ line: { cause, measures } }) => [cause, measures.facts, measures.cost])).toEqual([
      ['fact', '1', '0.25'],
      ['retired', '-1', '-0.25'],
    ]);
    expect(facts.get('call/1#cost/telephony')).toMatchObject({
      isRetired: true,
      rank: 20,
      cost: { amount: '0', currency: 'USD' },
      differingReports: 1,
    });
  });

  test('adds nothing when it is told only afterwards', () => {
    const { facts, lines } = fold(inOrder([...analyzed, ...ended]));
    expect(costs(lines)).toEqual({ llm: '0.4' });
    expect(lines.filter(({ line }) => line.factKey === 'call/1#cost/telephony')).toEqual([]);
    expect(facts.get('call/1#cost/telephony')).toMatchObject({ isRetired: true, rank: 20, differingReports: 1 });
  });

  test('counts again when a still greater report names it', () => {
    const later = told('CallAnalyzed', { llm: '0.4', telephony: '0.3' }, '20');
    for (const webhooks of [
      [ended, analyzed, later],
      [later, analyzed, ended],
      [analyzed, later, ended],
    ]) {
      const { facts, lines } = fold(inOrder(webhooks.flat()));
      expect(costs(lines)).toEqual({ llm: '0.4', telephony: '0.3' });
      expect(facts.get('call/1#cost/telephony')?.isRetired).toBe(false);
    }
  });

  test('may be all of it', () => {
    expect(costs(fold(inOrder([...ended, ...told('CallTransferEnded', {})])).lines)).toEqual({});
  });

  test('stays with the tenant that its call is moved to', () => {
    const moved = recordedEvent('StreamTenantMoved', {
      position: 0,
      kind: 'call',
      tenantId: 'B',
      data: { from: 'A', to: 'B', reason: 'a person said so' },
    });
    const later = told('CallAnalyzed', { llm: '0.4', telephony: '0.3' }, '20');
    const { lines } = fold(inOrder([...ended, ...analyzed, moved, ...later]));
    const ofB = lines.filter(({ line }) => line.bucket.tenantId === 'B');
    expect(costs(ofB)).toEqual({ llm: '0.4', telephony: '0.3' });
    expect(costs(lines.filter(({ line }) => line.bucket.tenantId === 'A'))).toEqual({});
  });

  test('is left alone by a report that does not tell the cost, and by one of another call', () => {
    const silent = recordedEvent('CallAnalyzed', { position: 0, kind: 'call', data: {} });
    const other = told('CallAnalyzed', {}).map((event) => ({ ...event, streamKey: 'call/2' }));
    expect(costs(fold(inOrder([...ended, silent, ...other])).lines)).toEqual({ llm: '0.5', telephony: '0.25' });
  });

  test('is the same in whatever order events come, in whatever batches', () => {
    const amounts = fc.dictionary(fc.constantFrom('llm', 'tts', 'telephony'), fc.constantFrom('0', '0.1', '0.25'));
    const webhook = fc.record({
      type: fc.constantFrom<Type>('CallEnded', 'CallTransferEnded', 'CallAnalyzed'),
      amounts,
    });
    const history = fc
      .uniqueArray(webhook, { selector: ({ type }) => type, minLength: 1, maxLength: 3 })
      .map((webhooks) => webhooks.flatMap(({ type, amounts: each }) => told(type, each)));
    const shuffled = history.chain((events) =>
      fc.tuple(
        fc.constant(events),
        fc.shuffledSubarray([...events], { minLength: events.length }),
        fc.integer({ min: 1, max: 9 }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([events, permutation, batchSize]) => {
        const one = fold(inOrder(events));
        const other = fold(inOrder(permutation), batchSize);
        expect(costs(other.lines)).toEqual(costs(one.lines));
        const brief = ({ facts }: typeof one) =>
          new Map(
            [...facts.values()]
              .toSorted((a, b) => (a.factKey < b.factKey ? -1 : 1))
              .map((fact) => [fact.factKey, [fact.isRetired, fact.rank, fact.cost, fact.differingReports > 0]]),
          );
        expect(brief(other)).toEqual(brief(one));
      }),
    );
  });
});

test('a usage that waits for its cost has it when the whole cost is told, also where there is none', () => {
  const usage = recordedEvent('CallEnded', {
    position: 0,
    kind: 'call',
    fact: { key: 'call/1#call_seconds', kind: 'usage', meter: 'call_seconds', unit: 'second', quantity: '0' },
    data: {},
  });
  const uncosted = (events: readonly RecordedEvent[]) =>
    fold(inOrder(events)).lines.reduce((sum, { line }) => sum + Number(line.measures.uncosted), 0);
  expect(uncosted([usage])).toBe(1);
  expect(uncosted([usage, ...told('CallAnalyzed', {})])).toBe(0);
  expect(uncosted([...told('CallAnalyzed', {}), usage])).toBe(0);
});
