import { expect, test } from '@jest/globals';
import type { FxAnswer } from '../../src/finance/fx/find-fx-rates.ts';
import { convertTo } from '../../src/finance/fx/reporting-currency.ts';
import { groupMargins, totalMargin } from '../../src/finance/reporting-margin.ts';

const rates = new Map<string, FxAnswer>([
  ['EUR', { from: 'EUR', to: 'EUR', rate: '1', date: '2026-10-31', source: 'identity' }],
  ['USD', { from: 'USD', to: 'EUR', rate: '0.9', date: '2026-10-30', source: 'ECB' }],
  ['GBP', { from: 'GBP', to: 'EUR', reason: 'fx_missing', day: '2026-10-31' }],
]);
const reporting = { currency: 'EUR', day: '2026-10-31', rates };
const row = (tenantId: string, currency: string, revenue: string, cogs: string) => ({
  key: [tenantId, '', currency] as const,
  revenue,
  cogs,
});

test('a tenant whose revenue and cost differ in currency has a gross profit in the reporting currency', () => {
  const rows = [row('tnt_a', 'EUR', '100', '0'), row('tnt_a', 'USD', '0', '60'), row('tnt_b', 'GBP', '5', '0')];
  const marginOf = groupMargins(reporting, rows);
  const ofA = {
    revenue: { amount: '100', currency: 'EUR' },
    cogs: { amount: '54', currency: 'EUR' },
    grossProfit: { amount: '46', currency: 'EUR' },
    grossMarginPct: '46',
    missing: [],
  };
  expect(rows.slice(0, 2).map(marginOf)).toEqual([ofA, ofA]);
  expect(marginOf(row('tnt_b', 'GBP', '5', '0'))).toEqual({
    revenue: null,
    cogs: { amount: '0', currency: 'EUR' },
    grossProfit: null,
    grossMarginPct: null,
    missing: [{ from: 'GBP', to: 'EUR', reason: 'fx_missing', day: '2026-10-31' }],
  });
});

test('one missing rate leaves no total, since a part would pass for the whole', () => {
  const rows = [row('tnt_a', 'EUR', '100', '1'), row('tnt_b', 'GBP', '5', '0')];
  expect(totalMargin(reporting, rows)).toMatchObject({ revenue: null, cogs: { amount: '1' }, grossProfit: null });
});

test('nothing is nothing in any currency', () => {
  expect(convertTo(reporting, { amount: '0.00', currency: 'GBP' })).toEqual({
    money: { amount: '0', currency: 'EUR' },
    missing: [],
  });
  expect(totalMargin(reporting, [])).toMatchObject({ grossProfit: { amount: '0' }, grossMarginPct: null });
});
