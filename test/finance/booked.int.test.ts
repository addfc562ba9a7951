import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { completePeriodClose } from '../../src/finance/periods/complete-period-close.ts';
import { WAIVABLE_CHECKS } from '../../src/finance/periods/period-checks.ts';
import { requestPeriodClose } from '../../src/finance/periods/request-period-close.ts';
import { enterProviderCost } from '../../src/finance/provider-costs/enter-provider-costs.ts';
import { costsReport } from '../../src/finance/reports/costs-report.ts';
import { marginReport } from '../../src/finance/reports/margin-report.ts';
import { providerCostsReport } from '../../src/finance/reports/provider-costs-report.ts';
import { summaryReport } from '../../src/finance/reports/summary-report.ts';
import { usageLinesReport } from '../../src/finance/reports/usage-lines-report.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import { call, openBooks, payment } from './books.ts';
import type { Books } from './books.ts';

const OCTOBER = { from: '2026-10-01', to: '2026-11-01' };
const NOVEMBER = { from: '2026-11-01', to: '2026-12-01' };
const waivers = WAIVABLE_CHECKS.map((check) => ({ check, reason: 'of no matter here' }));

let books: Books;
let closedAt: string;

/** October is closed; then a call, a payment and a carrier's bill of October come late. */
beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a'], now: '2026-11-03T09:00:00Z' });
  await definePricePlan(books.deps, {
    planId: 'per-second',
    name: 'Per second',
    currency: 'USD',
    components: [{ kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.01' }],
  });
  await assignPricePlan(books.deps, { planId: 'per-second', tenantId: 'tnt_a', validFrom: '2026-10-01T00:00:00Z' });
  await books.append([
    ...call('tnt_a', { id: 'c1', at: '2026-10-10T10:00:00Z', seconds: '100', cost: '0.4' }),
    ...call('tnt_a', { id: 'c2', at: '2026-11-02T10:00:00Z', seconds: '10', cost: '0.04' }),
  ]);
  await books.fold();
  await requestPeriodClose(books.deps, { period: '2026-10', by: 'ada', waivers });
  await books.fold();
  expect(await completePeriodClose(books.deps)).toMatchObject({ outcome: 'closed' });
  await books.fold();
  closedAt = (await books.ask(summaryReport)).position;
  await books.append([
    ...call('tnt_a', { id: 'c3', at: '2026-10-20T10:00:00Z', seconds: '50', cost: '0.2' }),
    ...payment('tnt_a', { id: 'pi_1', at: '2026-10-25T00:00:00Z', amount: '3', currency: 'USD' }),
  ]);
  await enterProviderCost(books.deps, {
    costId: 'carrier-10',
    provider: 'twilio',
    category: 'purchase',
    component: 'numbers',
    amount: '3.1',
    currency: 'USD',
    periodFrom: '2026-10-01T00:00:00Z',
    periodTo: '2026-11-01T00:00:00Z',
    allocation: { key: 'equal' },
    by: 'ada',
  });
  await books.fold();
});
afterAll(() => books.close());

const usd = (amount: string) => ({ amount, currency: 'USD' });

test('by service a closed month is restated; by booked period it is as it was reported', async () => {
  expect((await books.ask(summaryReport, OCTOBER)).rows).toMatchObject([
    { rated: usd('1.5'), cost: usd('3.7'), collected: usd('3') },
  ]);
  const booked = await books.ask(summaryReport, { ...OCTOBER, basis: 'booked' });
  expect(booked.rows).toMatchObject([{ rated: usd('1'), cost: usd('0.4'), collected: usd('0') }]);
  expect((await books.ask(summaryReport, { ...OCTOBER, as_of: closedAt })).rows).toEqual(booked.rows);
});

test('what was late is in the month that it is booked in, at its beginning', async () => {
  const november = { ...NOVEMBER, basis: 'booked' };
  expect((await books.ask(summaryReport, november)).rows).toMatchObject([
    { rated: usd('0.6'), cost: usd('3.34'), collected: usd('3') },
  ]);
  expect((await books.ask(marginReport, november)).totals).toMatchObject({
    revenue: [usd('0.6')],
    cogs: [usd('3.34')],
    collected: [usd('3')],
  });
  const days = (await books.ask(costsReport, { ...november, group_by: '' })).rows;
  expect(days.map((row) => [row['window_start'], row['category'], row['cost']])).toEqual([
    ['2026-11-01T00:00:00Z', 'purchase', usd('3.1')],
    ['2026-11-01T00:00:00Z', 'usage', usd('0.2')],
    ['2026-11-02T00:00:00Z', 'usage', usd('0.04')],
  ]);
  const { rows: lines } = await books.ask(usageLinesReport, november);
  expect([...new Set(lines.map((row) => row['occurred_at']))]).toEqual([
    '2026-11-02T10:00:00Z',
    '2026-10-20T10:00:00Z',
  ]);
});

test('as of before they came, they are in neither', async () => {
  const november = { ...NOVEMBER, basis: 'booked', as_of: closedAt };
  expect((await books.ask(summaryReport, november)).rows).toMatchObject([{ rated: usd('0.1'), cost: usd('0.04') }]);
});

test('over all time both are the same', async () => {
  const ever = { from: '2026-01-01', to: '2027-01-01' };
  for (const report of [summaryReport, marginReport, costsReport, usageLinesReport]) {
    const service = await books.ask(report, ever);
    expect((await books.ask(report, { ...ever, basis: 'booked' })).totals).toEqual(service.totals);
  }
});

test('another word for it is refused, and so is the parameter where no month is closed', () => {
  expect(() => summaryReport.ask({ basis: 'cash' })).toThrow(/basis: is one of service, booked/);
  expect(() => providerCostsReport.ask({ basis: 'booked' })).toThrow(
    /basis: is nothing that provider-costs is asked by/,
  );
});
