import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import { nextMonth } from '../../src/domain/month.ts';
import { resolveAsOf } from '../../src/finance/as-of.ts';
import { completePeriodClose } from '../../src/finance/periods/complete-period-close.ts';
import { WAIVABLE_CHECKS } from '../../src/finance/periods/period-checks.ts';
import { digestFigures, readPeriodFigures } from '../../src/finance/periods/period-figures.ts';
import type { PeriodFigure } from '../../src/finance/periods/period-figures.ts';
import { readReportedFigures } from '../../src/finance/periods/read-period.ts';
import { EVERYTHING, readPeriods } from '../../src/finance/periods/read-periods.ts';
import type { PeriodStep } from '../../src/finance/periods/read-periods.ts';
import { reopenPeriod } from '../../src/finance/periods/reopen-period.ts';
import { requestPeriodClose } from '../../src/finance/periods/request-period-close.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { adjustmentsReport } from '../../src/finance/reports/adjustments-report.ts';
import { costsReport } from '../../src/finance/reports/costs-report.ts';
import { marginReport } from '../../src/finance/reports/margin-report.ts';
import { summaryReport } from '../../src/finance/reports/summary-report.ts';
import { usageLinesReport } from '../../src/finance/reports/usage-lines-report.ts';
import type { Tx } from '../../src/platform/postgres.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import { call, openBooks, payment } from './books.ts';
import type { Books } from './books.ts';

const MONTHS = ['2026-07', '2026-08', '2026-09', '2026-10'] as const;
const TENANTS = ['tnt_a', 'tnt_b'] as const;

type Step =
  | Readonly<{ do: 'call'; tenant: string; month: number; id: number; seconds: string; cost: string; rank: number }>
  | Readonly<{ do: 'payment'; tenant: string; month: number; id: number; amount: string }>
  | Readonly<{ do: 'close' }>
  | Readonly<{ do: 'reopen' }>;

const amount = fc
  .tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 9999 }))
  .map(([a, b]) => `${a}.${b}`);
const tenant = fc.constantFrom(...TENANTS);
const month = fc.integer({ min: 0, max: MONTHS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    // Few calls, reported again and again by greater and lesser reports: doubled, corrected, late.
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      tenant,
      month,
      id: fc.integer({ min: 1, max: 4 }),
      seconds: amount,
      cost: amount,
      rank: fc.constantFrom(10, 20, 30),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('payment' as const),
      tenant,
      month,
      id: fc.integer({ min: 1, max: 9 }),
      amount,
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'close' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
);

const waivers = WAIVABLE_CHECKS.map((check) => ({ check, reason: 'of no matter here' }));

test('whatever comes late, doubled or corrected, and however months are closed and reopened: a closed month re-runs to the byte, and booked and service views agree in total', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (steps) => {
      const books = await openBooks({ tenants: TENANTS, now: '2026-11-20T00:00:00Z' });
      try {
        await setPlans(books);
        const reported = new Map<string, readonly PeriodFigure[]>();
        for (const each of steps) {
          await take(books, each, reported);
          await books.fold();
        }
        await expectClosesStand(books, reported);
        await expectViewsAgree(books);
        await expectReportsAgree(books);
      } finally {
        await books.close();
      }
    }),
    { numRuns: 8 },
  );
}, 120_000);

async function setPlans({ deps }: Books): Promise<void> {
  await definePricePlan(deps, {
    planId: 'plan',
    name: 'Plan',
    currency: 'EUR',
    components: [
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0125' },
      { kind: 'markup', percent: '12.5' },
    ],
  });
  await assignPricePlan(deps, { planId: 'plan', tenantId: 'tnt_a', validFrom: '2026-07-01T00:00:00Z' });
}

async function take(books: Books, each: Step, reported: Map<string, readonly PeriodFigure[]>): Promise<void> {
  switch (each.do) {
    case 'call': {
      // The last instant of a month and its first are what boundaries are tested by.
      const day = ['01T00:00:00.000Z', '15T12:00:00.000Z', '28T23:59:59.999Z', '30T23:59:59.999Z'][each.id - 1] ?? '';
      const id = `${each.tenant}-${each.month}-${each.id}`;
      const at = `${MONTHS[each.month]}-${day}`;
      await books.append(call(each.tenant, { id, at, seconds: each.seconds, cost: each.cost, rank: each.rank }));
      return;
    }
    case 'payment': {
      const id = `pi-${each.tenant}-${each.month}-${each.id}`;
      await books.append(
        payment(each.tenant, { id, at: `${MONTHS[each.month]}-0${each.id}T00:00:00Z`, amount: each.amount }),
      );
      return;
    }
    case 'close': {
      const period = await nextToClose(books);
      if (period === undefined) return;
      await requestPeriodClose(books.deps, { period, by: 'ada', waivers });
      await books.fold();
      expect((await completePeriodClose(books.deps)).outcome).toBe('closed');
      const close = (await read(books, (tx) => readPeriods(tx, EVERYTHING))).find((one) => one.period === period);
      if (close === undefined) throw new Error(`${period} is not closed`);
      reported.set(close.position, await read(books, (tx) => readReportedFigures(tx, close.position)));
      return;
    }
    case 'reopen': {
      const last = (await read(books, (tx) => readPeriods(tx, EVERYTHING))).findLast(({ state }) => state === 'closed');
      if (last !== undefined) await reopenPeriod(books.deps, { period: last.period, reason: 'a late bill', by: 'ada' });
    }
  }
}

async function nextToClose(books: Books): Promise<string | undefined> {
  const last = (await read(books, (tx) => readPeriods(tx, EVERYTHING))).findLast(({ state }) => state === 'closed');
  const next = last === undefined ? MONTHS[0] : nextMonth(last.period);
  return MONTHS.find((each) => each === next);
}

/** As they were told when they were closed; and as they are computed again at their cut-off, after all that came later. */
async function expectClosesStand(books: Books, reported: ReadonlyMap<string, readonly PeriodFigure[]>): Promise<void> {
  for (const [position, figures] of reported) {
    expect(await read(books, (tx) => readReportedFigures(tx, position))).toEqual(figures);
    const { rows } = await books.database.adminPool.query<{
      period: string;
      from: Date;
      to: Date;
      cutOff: string;
      sha256: string;
    }>(
      `select period, period_from as "from", period_to as "to", cut_off as "cutOff", sha256
       from hookledger.period_closings join hookledger.period_decisions using (position) where position = $1`,
      [position],
    );
    const [close] = rows;
    if (close === undefined) throw new Error(`no close at ${position}`);
    const again = await figuresAt(books, close, BigInt(close.cutOff));
    expect(digestFigures(again)).toBe(close.sha256);
    expect(again).toEqual(figures);
  }
}

/** What closed months reported, and what the open ones hold, adjustments included, is every line there is. */
async function expectViewsAgree(books: Books): Promise<void> {
  const periods = await read(books, (tx) => readPeriods(tx, EVERYTHING));
  const closed = periods.filter(({ state }) => state === 'closed');
  const booked: PeriodFigure[] = [];
  for (const close of closed) booked.push(...(await read(books, (tx) => readReportedFigures(tx, close.position))));
  const position = BigInt((await books.ask(adjustmentsReport)).position);
  let open = closed.at(-1) === undefined ? MONTHS[0] : nextMonth(closed.at(-1)?.period ?? '');
  for (; open <= '2026-11'; open = nextMonth(open)) {
    const from = new Date(`${open}-01T00:00:00Z`);
    const to = new Date(`${nextMonth(open)}-01T00:00:00Z`);
    booked.push(...(await figuresAt(books, { period: open, from, to }, position)));
  }
  const { rows } = await books.database.adminPool.query<{ figure: string; currency: string; amount: string }>(
    `select figure, currency, trim_scale(sum(amount))::text as amount from (
       select 'rated' as figure, rated_currency as currency, rated as amount from hookledger.usage_lines_v1
       union all select 'cost', cost_currency, cost from hookledger.usage_lines_v1
       union all select case kind when 'payment' then 'collected' else kind end, currency, amount
       from hookledger.payment_lines_v1
     ) l where currency <> '' group by 1, 2 having sum(amount) <> 0 order by 1, 2`,
  );
  expect(totals(booked)).toEqual(rows);
}

const REPORTS = [marginReport, summaryReport, costsReport, usageLinesReport] as const;
/** Each with the figure of a close that it is. */
const FIGURES = [
  ['rated', 'rated'],
  ['cost', 'cost'],
  ['collected', 'collected'],
] as const;

/** Every report says the same by booked period as by service over all time, and for a closed month what was reported. */
async function expectReportsAgree(books: Books): Promise<void> {
  const ever = { from: '2026-01-01', to: '2027-01-01' };
  for (const report of REPORTS) {
    const { totals: service } = await books.ask(report, { ...ever, basis: 'service' });
    const { totals: booked } = await books.ask(report, { ...ever, basis: 'booked' });
    expect(withoutNothing(booked)).toEqual(withoutNothing(service));
  }
  for (const { period, state, position } of await read(books, (tx) => readPeriods(tx, EVERYTHING))) {
    if (state !== 'closed') continue;
    const month = { from: `${period}-01`, to: `${nextMonth(period)}-01`, basis: 'booked' };
    const { totals: summary } = await books.ask(summaryReport, month);
    const figures = totals(await read(books, (tx) => readReportedFigures(tx, position)));
    for (const [column, figure] of FIGURES) {
      const reported = figures.filter((each) => each.figure === figure);
      expect(withoutNothing(summary)[column] ?? []).toEqual(
        reported.map(({ amount: of, currency }) => ({ amount: of, currency })),
      );
    }
  }
}

/** Amounts of nothing, and counts of lines, which the two views need not share, left out. */
function withoutNothing(found: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(found).flatMap(([name, sums]) => {
      const some = Array.isArray(sums) ? sums.filter(({ amount: of }: { amount: string }) => of !== '0') : [];
      return some.length === 0 ? [] : [[name, some]];
    }),
  );
}

function totals(figures: readonly PeriodFigure[]) {
  const groups = Map.groupBy(figures, ({ figure, currency }) => `${figure} ${currency}`);
  return [...groups]
    .map(([key, each]) => ({
      figure: key.split(' ')[0],
      currency: key.split(' ')[1],
      amount: formatDecimal(each.map(({ amount }) => parseDecimal(amount)).reduce(addDecimals, ZERO)),
    }))
    .filter(({ amount }) => amount !== '0')
    .toSorted((a, b) => (`${a.figure} ${a.currency}` < `${b.figure} ${b.currency}` ? -1 : 1));
}

function figuresAt(
  books: Books,
  { period, from, to }: Pick<PeriodStep, 'period' | 'from' | 'to'>,
  position: bigint,
): Promise<readonly PeriodFigure[]> {
  return read(books, async (tx) => {
    const models = await readModels(tx);
    const asOf = await resolveAsOf(
      tx,
      { kind: 'position', position },
      { modelPosition: models.usage.position, now: books.deps.clock.now() },
    );
    return readPeriodFigures(tx, { models, period, range: { from, to }, asOf });
  });
}

function read<T>(books: Books, question: (tx: Tx) => Promise<T>): Promise<T> {
  return withReadTransaction(books.deps.pool, {}, question);
}
