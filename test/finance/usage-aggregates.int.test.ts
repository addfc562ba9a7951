import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import type { Aggregation, MeteredFact } from '../../src/domain/meters.ts';
import { aggregate, AGGREGATIONS, isAdditive } from '../../src/domain/meters.ts';
import { readEvents } from '../../src/event-store/read-events.ts';
import { readModels } from '../../src/finance/read-models.ts';
import type { Reader } from '../../src/finance/read-transaction.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { listWindowStarts, resolveRange } from '../../src/finance/time-range.ts';
import type { Window } from '../../src/finance/time-range.ts';
import { readUsage, readUsageTotals, USAGE_GROUPS } from '../../src/finance/usage.ts';
import type { UsageGroup, UsageKey } from '../../src/finance/usage.ts';
import { readUsageAggregateQuantities, readUsageAggregates } from '../../src/finance/usage-aggregates.ts';
import type { TestDatabase } from '../support/database.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProjectedLog } from '../projections/projected-log.ts';
import type { ProjectedLog } from '../projections/projected-log.ts';
import { meterHistory, meteredFacts } from './metered-history.ts';
import { setUsageLines, standAt } from './seed.ts';
import type { UsageLineSeed } from './seed.ts';

type Question = Readonly<{
  position: bigint;
  recordedAt: Date;
  from: string;
  to: string;
  tz: string;
  window: Window;
  groupBy: readonly UsageGroup[];
  tenantIds?: readonly string[];
  meters?: readonly string[];
  pageSize: number;
}>;

type Figure = Readonly<{ key: UsageKey; quantity: string | null; facts: string; lines: string }>;
type Answer = Readonly<{
  rows: readonly Figure[];
  totals: readonly Readonly<{ unit: string; quantity: string | null }>[];
  windowStarts: readonly Date[];
  end: Date;
}>;

/** Page by page, as a caller reads it. */
async function ask(
  { pool }: TestDatabase,
  reader: Reader,
  aggregation: Aggregation,
  question: Question,
): Promise<Answer> {
  const { position, recordedAt, tz, window, groupBy, tenantIds, meters } = question;
  return withReadTransaction(pool, reader, async (tx) => {
    const { usage: model } = await readModels(tx);
    const bounds = { from: { date: question.from }, to: { date: question.to } };
    const range = await resolveRange(tx, { ...bounds, tz, now: recordedAt });
    const windowStarts = await listWindowStarts(tx, range, tz, window);
    const filter = { mode: 'live' as const, range, asOf: { position, recordedAt }, tenantIds, meters };
    const rows: Figure[] = [];
    for (;;) {
      const query = { filter, windowStarts, groupBy, after: rows.at(-1)?.key, limit: question.pageSize };
      const page: readonly Figure[] = isAdditive(aggregation)
        ? await readUsage(tx, { ...query, aggregation, source: { model, from: 'lines' } })
        : await readUsageAggregates(tx, { ...query, aggregation, model });
      rows.push(...page);
      if (page.length < question.pageSize) break;
    }
    const totals = isAdditive(aggregation)
      ? (await readUsageTotals(tx, { aggregation, filter, source: { model, from: 'lines' } })).quantities
      : await readUsageAggregateQuantities(tx, { aggregation, filter, model });
    return { rows, totals, windowStarts, end: range.to };
  });
}

/** The rows that the reference gives for the windows of an answer. */
function expectedRows(
  aggregation: Aggregation,
  facts: readonly MeteredFact[],
  { recordedAt, groupBy, tenantIds, meters }: Question,
  { windowStarts, end }: Pick<Answer, 'windowStarts' | 'end'>,
): readonly Omit<Figure, 'lines'>[] {
  const asked = facts.filter(
    ({ tenantId, meter }) => (tenantIds?.includes(tenantId) ?? true) && (meters?.includes(meter) ?? true),
  );
  const groups = Map.groupBy(asked, (fact) =>
    JSON.stringify([
      groupBy.includes('tenant_id') ? fact.tenantId : '',
      groupBy.includes('provider') ? fact.provider : '',
      groupBy.includes('meter') ? fact.meter : '',
      fact.unit,
    ]),
  );
  return windowStarts.flatMap((from, index) =>
    [...groups]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([group, members]) => {
        const window = { from, to: windowStarts[index + 1] ?? end, recordedAt };
        const count = aggregate('count', members, window);
        const quantity = aggregate(aggregation, members, window);
        const hasRow = count !== '0' || (aggregation === 'time_weighted' && quantity !== null);
        const [tenantId, provider, meter, unit] = JSON.parse(group);
        return hasRow ? [{ key: [index, tenantId, provider, meter, unit] as const, quantity, facts: count ?? '' }] : [];
      }),
  );
}

function withoutLines({ rows }: Answer): readonly Omit<Figure, 'lines'>[] {
  return rows.map(({ key, quantity, facts }) => ({ key, quantity, facts }));
}

/** Around the nights on which the clocks of these zones change. */
const places = fc.constantFrom(
  { tz: 'Europe/Berlin', from: '2026-03-28', to: '2026-03-31' },
  { tz: 'America/New_York', from: '2026-03-28', to: '2026-04-01' },
  { tz: 'Australia/Lord_Howe', from: '2026-03-29', to: '2026-04-06' },
  { tz: 'UTC', from: '2026-03-25', to: '2026-04-02' },
);

const questions = fc.record({
  place: places,
  /** Of the appended events. */
  upTo: fc.double({ min: 0, max: 1, noNaN: true }),
  recordedAt: fc.constantFrom('2026-03-29T07:31:00.123Z', '2026-03-27T00:00:00Z', '2026-05-02T00:00:00Z'),
  window: fc.constantFrom<Window>('hour', 'day', 'week', 'month', 'none'),
  groupBy: fc.subarray<UsageGroup>([...USAGE_GROUPS]),
  tenantIds: fc.option(fc.constant(['tnt_a']), { nil: undefined }),
  meters: fc.option(fc.constant(['seats']), { nil: undefined }),
  pageSize: fc.constantFrom(50, 10_000),
});

test('every aggregation of any history is what the reference makes of the facts, as of every position', async () => {
  await fc.assert(
    fc.asyncProperty(meterHistory, fc.array(questions, { minLength: 2, maxLength: 4 }), async (told, asked) => {
      const log = await createProjectedLog();
      try {
        for (const item of told) await log.append([item]);
        await log.catchUp(500);
        const events = await withReadTransaction(log.database.pool, {}, async (tx) => {
          const page = await readEvents(tx, { after: 0n, limit: 1_000 });
          return page.events;
        });
        for (const { place, upTo, recordedAt, tenantIds, meters, ...rest } of asked) {
          const position = events[Math.floor(upTo * (events.length - 1))]?.position ?? 0n;
          const question = {
            ...rest,
            ...place,
            position,
            recordedAt: new Date(recordedAt),
            ...(tenantIds && { tenantIds }),
            ...(meters && { meters }),
          };
          const facts = meteredFacts(events.filter((event) => event.position <= position));
          for (const aggregation of AGGREGATIONS) {
            const answer = await ask(log.database, {}, aggregation, question);
            expect({ aggregation, rows: withoutLines(answer) }).toEqual({
              aggregation,
              rows: expectedRows(aggregation, facts, question, answer),
            });
            const whole = { ...answer, windowStarts: answer.windowStarts.slice(0, 1) };
            const totals = expectedRows(aggregation, facts, { ...question, groupBy: [] }, whole);
            // Sums name a unit also where all of it was taken back.
            const isShown = ({ quantity }: Pick<Figure, 'quantity'>) => !isAdditive(aggregation) || quantity !== '0';
            expect({ aggregation, totals: answer.totals.filter(isShown) }).toEqual({
              aggregation,
              totals: totals.filter(isShown).map(({ key, quantity }) => ({ unit: key[4], quantity })),
            });
            await expectSameForTenant(log, aggregation, question, events);
          }
        }
      } finally {
        await log.close();
      }
    }),
    { numRuns: Number(process.env['TEST_RUNS'] ?? 15), interruptAfterTimeLimit: 45_000 },
  );
});

/** What a tenant reads of itself is what the platform reads of it. */
async function expectSameForTenant(
  log: ProjectedLog,
  aggregation: Aggregation,
  question: Question,
  events: readonly RecordedEvent[],
): Promise<void> {
  // Whether a superseded report told a quantity is in the log, where a tenant does not see what came before it.
  if (events.some(({ fact }) => fact !== undefined && fact.quantity === undefined)) return;
  const asked = { ...question, tenantIds: ['tnt_a'] };
  const { rows, totals } = await ask(log.database, { tenantId: 'tnt_a' }, aggregation, asked);
  expect({ rows, totals }).toMatchObject(pick(await ask(log.database, {}, aggregation, asked)));
}

function pick({ rows, totals }: Answer) {
  return { rows, totals };
}

describe('readings that are set by hand', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const gauge = (thing: string, name: string): UsageLineSeed => ({
    factKey: `provider-object/custom/acc/live/${thing}#${name}`,
    provider: 'custom',
    meter: 'seats',
    unit: 'seat',
  });

  /** Of 1 to 4 March 2026 as one window, as of position 50, unless told otherwise. */
  async function figures(lines: readonly UsageLineSeed[], question: Partial<Question> = {}) {
    await setUsageLines(database.adminPool, lines);
    await standAt(database.adminPool, 50);
    const asked: Question = {
      position: 50n,
      recordedAt: new Date('2026-04-01T00:00:00Z'),
      from: '2026-03-01',
      to: '2026-03-04',
      tz: 'UTC',
      window: 'none',
      groupBy: [],
      pageSize: 100,
      ...question,
    };
    const shown: Partial<Record<Aggregation, unknown>> = {};
    for (const aggregation of AGGREGATIONS) {
      const { rows } = await ask(database, {}, aggregation, asked);
      shown[aggregation] = rows.map(({ quantity }) => quantity);
    }
    return shown;
  }

  test('count with the values of their corrections, and not at all once retired, as of every position', async () => {
    const first = { ...gauge('1', 'a'), occurredAt: '2026-03-02T00:00:00Z' };
    const other = { ...gauge('2', 'a'), occurredAt: '2026-03-03T00:00:00Z' };
    const lines = [
      { ...first, position: 1, quantity: '9' },
      { ...other, position: 2, quantity: '3' },
      { ...first, position: 3, quantity: '-3', facts: 0, cause: 'superseded' },
      { ...other, position: 4, quantity: '-3', facts: -1, cause: 'retired' },
    ];
    const one = { sum: ['6'], count: ['1'], unique: ['1'], max: ['6'], latest: ['6'], time_weighted: ['4'] };
    expect(await figures(lines)).toEqual(one);
    const both = { sum: ['9'], count: ['2'], unique: ['2'], max: ['6'], latest: ['3'], time_weighted: ['5'] };
    expect(await figures(lines, { position: 3n })).toEqual(both);
    expect(await figures(lines, { position: 1n })).toMatchObject({ max: ['9'], time_weighted: ['6'] });
    expect(await figures(lines, { position: 0n })).toMatchObject({
      sum: [],
      unique: [],
      latest: [],
      time_weighted: [],
    });
  });

  test('at one moment are told apart by their position, then by their key', async () => {
    const moment = { occurredAt: '2026-03-01T00:00:00Z' };
    const late = { ...gauge('1', 'a'), ...moment, position: 9, quantity: '5' };
    const early = { ...gauge('1', 'b'), ...moment, position: 8, quantity: '7' };
    expect(await figures([late, early])).toMatchObject({ latest: ['5'], time_weighted: ['5'] });
    const twin = { ...early, position: 9 };
    expect(await figures([late, twin])).toMatchObject({ latest: ['7'], time_weighted: ['7'] });
  });

  test('have an average that is exact to its last decimal, however great', async () => {
    const level = { ...gauge('1', 'a'), occurredAt: '2026-03-03T00:00:00Z', quantity: '1000000000000000' };
    expect(await figures([level])).toMatchObject({ time_weighted: ['333333333333333.333333333333'] });
    // Half of the last decimal and a hair less: a quotient that is rounded twice would be rounded up.
    const hair = { ...level, occurredAt: '2026-03-01T00:00:00Z', quantity: '0.0000000000004999999999999999999999' };
    expect(await figures([hair])).toMatchObject({ time_weighted: ['0'] });
    expect(await figures([{ ...hair, quantity: '-0.0000000000005' }])).toMatchObject({
      time_weighted: ['-0.000000000001'],
    });
  });

  test('hold in days without any of them, of 23 hours, too, and up to when the position was recorded', async () => {
    const level = { ...gauge('1', 'a'), occurredAt: '2026-02-01T00:00:00Z', quantity: '8' };
    const change = { ...gauge('1', 'b'), occurredAt: '2026-03-29T10:30:00Z', quantity: '31' };
    const days = { from: '2026-03-28', to: '2026-04-02', tz: 'Europe/Berlin', window: 'day' } as const;
    const ofTheDay = { sum: ['31'], count: ['1'], unique: ['1'], max: ['31'], latest: ['31'] };
    expect(await figures([level, change], { ...days, recordedAt: new Date('2026-03-30T10:00:00Z') })).toEqual({
      ...ofTheDay,
      // 11.5 of 23 hours each.
      time_weighted: ['8', '19.5', '31'],
    });
  });
});
