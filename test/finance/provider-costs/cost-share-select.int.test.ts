import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../../src/domain/decimal.ts';
import { costShareSelect, costShareValues } from '../../../src/finance/provider-costs/cost-share-select.ts';
import type { CostShare } from '../../../src/finance/provider-costs/read-cost-shares.ts';
import { withReadTransaction } from '../../../src/finance/read-transaction.ts';
import { listWindowStarts, WINDOWS } from '../../../src/finance/time-range.ts';
import type { Range } from '../../../src/finance/time-range.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const MINUTE_MS = 60_000;
const OCTOBER_MS = Date.parse('2026-10-01T00:00:00Z');
const range = fc
  .tuple(fc.integer({ min: -90_000, max: 90_000 }), fc.integer({ min: 1, max: 90_000 }))
  .map(([from, minutes]) => ({
    from: new Date(OCTOBER_MS + from * MINUTE_MS),
    to: new Date(OCTOBER_MS + (from + minutes) * MINUTE_MS),
  }));
const units = fc.bigInt(-(10n ** 20n), 10n ** 20n).filter((each) => each !== 0n);

function share(amount: string, { from, to }: Range): CostShare {
  return {
    position: '1',
    voidPosition: null,
    tenantId: 'tnt_a',
    provider: 'twilio',
    component: 'numbers',
    category: 'purchase',
    currency: 'USD',
    amount,
    periodFrom: from,
    periodTo: to,
  };
}

async function spread(
  amount: string,
  period: Range,
  { range: asked, windowStarts }: Readonly<{ range: Range; windowStarts: readonly Date[] }>,
) {
  const { rows } = await database.pool.query<{ at: Date; cost: string }>(
    `select at, trim_scale(cost)::text as cost from (${costShareSelect(1)}) s order by at`,
    costShareValues({
      shares: [{ ...share(amount, period), part: 0 }],
      windows: windowStarts.map((from, index) => ({
        from,
        to: windowStarts[index + 1] ?? asked.to,
        at: from,
        part: 0,
      })),
    }),
  );
  return rows;
}

/** What has fallen due of a share by an instant, by whole numbers. */
function dueBy(whole: bigint, { from, to }: Range, at: Date): bigint {
  const bounded = Math.min(Math.max(at.getTime(), from.getTime()), to.getTime());
  return (whole * BigInt(bounded - from.getTime())) / BigInt(to.getTime() - from.getTime());
}

const sumOf = (rows: readonly { cost: string }[]) =>
  formatDecimal(rows.map(({ cost }) => parseDecimal(cost)).reduce(addDecimals, ZERO));

test('windows of any zone add up to the range, those of the period to the share, and each is what falls due in it', async () => {
  await fc.assert(
    fc.asyncProperty(
      units,
      range,
      range,
      fc.constantFrom(...WINDOWS),
      fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'),
      async (whole, period, asked, window, tz) => {
        const amount = formatDecimal({ units: whole, scale: 12 });
        const windowStarts = await withReadTransaction(database.pool, {}, (tx) =>
          listWindowStarts(tx, asked, tz, window),
        );
        const rows = await spread(amount, period, { range: asked, windowStarts });
        const inRange = dueBy(whole, period, asked.to) - dueBy(whole, period, asked.from);
        expect(sumOf(rows)).toBe(formatDecimal({ units: inRange, scale: 12 }));
        for (const { at, cost } of rows) {
          const next =
            windowStarts[windowStarts.findIndex((start) => start.getTime() === at.getTime()) + 1] ?? asked.to;
          const own = dueBy(whole, period, next) - dueBy(whole, period, at);
          expect(cost).toBe(formatDecimal({ units: own, scale: 12 }));
        }
        expect(sumOf(await spread(amount, period, { range: period, windowStarts: [period.from] }))).toBe(amount);
      },
    ),
    { numRuns: 60 },
  );
});
