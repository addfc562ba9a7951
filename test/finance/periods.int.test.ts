import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { completePeriodClose } from '../../src/finance/periods/complete-period-close.ts';
import { closePeriod } from '../../src/finance/periods/close-period.ts';
import { digestFigures } from '../../src/finance/periods/period-figures.ts';
import { readPeriodDecisions, readReportedFigures } from '../../src/finance/periods/read-period.ts';
import { EVERYTHING, readPeriodSteps } from '../../src/finance/periods/read-periods.ts';
import { reopenPeriod } from '../../src/finance/periods/reopen-period.ts';
import { requestPeriodClose } from '../../src/finance/periods/request-period-close.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { adjustmentsReport } from '../../src/finance/reports/adjustments-report.ts';
import { compareReport } from '../../src/finance/reports/compare-report.ts';
import { periodsReport } from '../../src/finance/reports/periods-report.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import { call, invoice, openBooks, payment } from './books.ts';
import type { Books } from './books.ts';

let books: Books;

beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a', 'tnt_b'], now: '2026-11-03T09:00:00Z' });
  await definePricePlan(books.deps, {
    planId: 'per-second',
    name: 'Per second',
    currency: 'USD',
    components: [
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0025' },
      { kind: 'flat', amount: '49' },
    ],
  });
  for (const tenantId of ['tnt_a', 'tnt_b']) {
    await assignPricePlan(books.deps, { planId: 'per-second', tenantId, validFrom: '2026-09-01T00:00:00Z' });
  }
  await books.append([
    ...call('tnt_a', { id: 'c1', at: '2026-10-10T10:00:00Z', seconds: '120', cost: '0.20' }),
    ...call('tnt_b', { id: 'c2', at: '2026-10-31T23:59:59Z', seconds: '60', cost: '0.05' }),
    ...call('tnt_a', { id: 'c3', at: '2026-11-01T00:00:00Z', seconds: '10', cost: '0.01' }),
    ...invoice('tnt_a', { id: 'in_1', at: '2026-10-15T00:00:00Z', net: '100', tax: '19' }),
    ...payment('tnt_a', { id: 'pi_1', at: '2026-10-20T00:00:00Z', amount: '119' }),
  ]);
  await books.fold();
});
afterAll(() => books.close());

async function reported(revision: number) {
  return withReadTransaction(books.deps.pool, {}, async (tx) => {
    const decisions = await readPeriodDecisions(tx, '2026-10', EVERYTHING);
    const close = decisions.find((each) => each.state === 'closed' && each.revision === revision);
    if (close === undefined) throw new Error(`no revision ${revision}`);
    return { close, figures: await readReportedFigures(tx, close.position) };
  });
}

const figure = (
  tenantId: string,
  name: string,
  amount: string,
  currency: string,
  provider = 'retell',
  servicePeriod = '2026-10',
) => ({
  tenantId,
  servicePeriod,
  provider,
  figure: name,
  currency,
  amount,
});

describe('closing a month', () => {
  test('is refused while it goes on, in a zone that is none, and while a check stands open', async () => {
    const ask = (period: string, tz?: string) => requestPeriodClose(books.deps, { period, tz, by: 'ada', waivers: [] });
    await expect(ask('2026-11')).rejects.toMatchObject({
      code: 'period_state',
      message: expect.stringContaining('is not over'),
    });
    await expect(ask('2026-10', 'Mars/Olympus')).rejects.toMatchObject({ code: 'period_state' });
    await expect(ask('2026-13')).rejects.toMatchObject({ code: 'invalid_command' });

    await books.append(call('unassigned', { id: 'c9', at: '2026-10-11T10:00:00Z', seconds: '7', cost: '0.5' }));
    await books.fold();
    // The request itself lies above what was folded.
    await ask('2026-10');
    await books.fold();
    const closing = closePeriod(books.deps, { period: '2026-10', by: 'ada' }, 0);
    await expect(closing).rejects.toMatchObject({
      code: 'period_not_ready',
      checks: [
        expect.objectContaining({ check: 'unassigned', count: 2 }),
        expect.objectContaining({ check: 'unpriced', count: 1 }),
        expect.objectContaining({ check: 'drafts', count: 2 }),
      ],
    });
    expect((await books.ask(periodsReport)).rows).toMatchObject([{ period: '2026-10', state: 'refused', revision: 1 }]);
  });

  test('keeps the waivers with their reasons, and the figures as of just the cut-off', async () => {
    const waivers = [
      { check: 'unassigned' as const, reason: 'agent of a pilot' },
      { check: 'unpriced' as const, reason: 'the same call' },
      { check: 'drafts' as const, reason: 'statements follow' },
    ];
    const { cutOff } = await requestPeriodClose(books.deps, { period: '2026-10', by: 'ada', waivers });
    expect(await completePeriodClose(books.deps)).toMatchObject({ outcome: 'waiting', cutOff });
    // Recorded above the cut-off, before the close is there: late.
    await books.append(call('tnt_b', { id: 'c4', at: '2026-10-30T10:00:00Z', seconds: '600', cost: '1.5' }));
    await books.fold();
    const outcomes = await Promise.all([completePeriodClose(books.deps), completePeriodClose(books.deps)]);
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['closed', 'nothing']);

    const { close, figures } = await reported(1);
    expect(close).toMatchObject({ cutOff: String(cutOff), by: 'ada' });
    expect(close.checks.filter(({ outcome }) => outcome === 'waived')).toMatchObject([
      { check: 'unassigned', reason: 'agent of a pilot' },
      { check: 'unpriced', reason: 'the same call' },
      { check: 'drafts', reason: 'statements follow' },
    ]);
    expect(figures).toEqual([
      figure('tnt_a', 'rated', '49', 'USD', ''),
      figure('tnt_a', 'cost', '0.2', 'USD'),
      figure('tnt_a', 'rated', '0.3', 'USD'),
      figure('tnt_a', 'billed', '100', 'EUR', 'stripe'),
      figure('tnt_a', 'collected', '119', 'EUR', 'stripe'),
      figure('tnt_a', 'tax', '19', 'EUR', 'stripe'),
      figure('tnt_b', 'rated', '49', 'USD', ''),
      figure('tnt_b', 'cost', '0.05', 'USD'),
      figure('tnt_b', 'rated', '0.15', 'USD'),
      figure('unassigned', 'cost', '0.5', 'USD'),
    ]);
    expect(close.sha256).toBe(digestFigures(figures));
  });

  test('twice is refused, and so is a month out of order', async () => {
    const ask = (period: string) => requestPeriodClose(books.deps, { period, by: 'ada' });
    await expect(ask('2026-10')).rejects.toMatchObject({ message: expect.stringContaining('is closed already') });
    await expect(ask('2026-09')).rejects.toMatchObject({ message: expect.stringContaining('is not next') });
  });

  test('a fact that was late is an adjustment in the first open month, once', async () => {
    await books.fold();
    const { rows, totals } = await books.ask(adjustmentsReport);
    expect(rows).toMatchObject([
      {
        service_period: '2026-10',
        booked_period: '2026-11',
        tenant_id: 'tnt_b',
        figure: 'rated',
        amount: { amount: '1.5', currency: 'USD' },
        quantity: '600',
        cause: 'fact',
      },
      {
        service_period: '2026-10',
        booked_period: '2026-11',
        tenant_id: 'tnt_b',
        figure: 'cost',
        amount: { amount: '1.5', currency: 'USD' },
      },
    ]);
    expect(totals).toEqual({ cost: [{ amount: '1.5', currency: 'USD' }], rated: [{ amount: '1.5', currency: 'USD' }] });
    expect((await books.ask(adjustmentsReport, { service_period: '2026-09' })).rows).toEqual([]);
    expect((await books.ask(adjustmentsReport, {}, 'tnt_a')).rows).toEqual([]);
  });

  test('leads to the next close: what was late is in its figures, by its own month', async () => {
    books.setClock('2026-12-01T09:00:00Z');
    const request = await requestPeriodClose(books.deps, {
      period: '2026-11',
      by: 'ada',
      waivers: [{ check: 'drafts', reason: 'statements follow' }],
    });
    await books.fold();
    expect(await completePeriodClose(books.deps)).toMatchObject({ outcome: 'closed', period: '2026-11' });
    const figures = await withReadTransaction(books.deps.pool, {}, async (tx) => {
      const close = (await readPeriodSteps(tx, '2026-11', EVERYTHING)).at(-1);
      return readReportedFigures(tx, close?.position ?? '0');
    });
    expect(figures).toEqual([
      figure('tnt_a', 'rated', '49', 'USD', '', '2026-11'),
      figure('tnt_a', 'cost', '0.01', 'USD', 'retell', '2026-11'),
      figure('tnt_a', 'rated', '0.025', 'USD', 'retell', '2026-11'),
      figure('tnt_b', 'cost', '1.5', 'USD'),
      figure('tnt_b', 'rated', '1.5', 'USD'),
      figure('tnt_b', 'rated', '49', 'USD', '', '2026-11'),
    ]);
    // As of before that close, it is where it was.
    const before = await books.ask(adjustmentsReport, { as_of: String(request.cutOff) });
    expect(before.rows).toMatchObject([{ booked_period: '2026-11' }, { booked_period: '2026-11' }]);
  });

  test('reopening needs a reason, the last closed month, and leaves what was reported', async () => {
    await expect(reopenPeriod(books.deps, { period: '2026-11', reason: ' ', by: 'ada' })).rejects.toMatchObject({
      code: 'invalid_command',
    });
    await expect(reopenPeriod(books.deps, { period: '2026-10', reason: 'late bill', by: 'ada' })).rejects.toMatchObject(
      {
        message: expect.stringContaining('reopen that one first'),
      },
    );
    const first = await reported(1);
    await reopenPeriod(books.deps, { period: '2026-11', reason: 'late bill', by: 'ada' });
    await reopenPeriod(books.deps, { period: '2026-10', reason: 'late bill', by: 'ada' });
    await books.fold();
    expect((await books.ask(adjustmentsReport)).rows).toEqual([]);
    expect((await books.ask(periodsReport)).rows).toMatchObject([{ state: 'reopened' }, { state: 'reopened' }]);

    const waivers = [
      { check: 'unassigned' as const, reason: 'agent of a pilot' },
      { check: 'unpriced' as const, reason: 'the same call' },
      { check: 'drafts' as const, reason: 'statements follow' },
    ];
    await requestPeriodClose(books.deps, { period: '2026-10', by: 'bob', waivers });
    await books.fold();
    expect(await completePeriodClose(books.deps)).toMatchObject({ outcome: 'closed', revision: 2 });
    expect(await reported(1)).toEqual(first);
    expect((await reported(2)).figures).toContainEqual(figure('tnt_b', 'cost', '1.55', 'USD'));
  });
});

describe('comparing two points', () => {
  test('names what changed, by how much, and how many events did it', async () => {
    const { close } = await reported(1);
    const october = { from: '2026-10-01', to: '2026-11-01' };
    const { rows, totals } = await books.ask(compareReport, { ...october, as_of_a: close.cutOff });
    expect(rows).toMatchObject([
      {
        tenant_id: 'tnt_b',
        provider: 'retell',
        figure: 'cost',
        a: { amount: '0.05' },
        b: { amount: '1.55' },
        delta: { amount: '1.5' },
        event_count: 1,
      },
      {
        tenant_id: 'tnt_b',
        provider: 'retell',
        figure: 'rated',
        a: { amount: '0.15' },
        b: { amount: '1.65' },
        delta: { amount: '1.5' },
        event_count: 1,
      },
    ]);
    expect(totals).toEqual({ cost: [{ amount: '1.5', currency: 'USD' }], rated: [{ amount: '1.5', currency: 'USD' }] });
    expect((await books.ask(compareReport, { ...october, as_of_a: close.cutOff, as_of: close.cutOff })).rows).toEqual(
      [],
    );
  });

  test('refuses points in the wrong order', async () => {
    const { position } = await books.ask(periodsReport);
    await expect(books.ask(compareReport, { as_of_a: position, as_of: '1' })).rejects.toMatchObject({
      parameter: 'as_of_a',
    });
  });
});
