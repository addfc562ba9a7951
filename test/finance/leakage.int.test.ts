import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { leakageReport } from '../../src/finance/reports/leakage-report.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import { call, openBooks } from './books.ts';
import type { Books } from './books.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a', 'tnt_b'], now: '2026-11-03T09:00:00Z' });
  await definePricePlan(books.deps, {
    planId: 'messages',
    name: 'Messages only',
    currency: 'USD',
    components: [{ kind: 'per_unit', meter: 'messages', unitPrice: '0.01' }],
  });
  await assignPricePlan(books.deps, { planId: 'messages', tenantId: 'tnt_a', validFrom: '2026-09-01T00:00:00Z' });
  await books.append([
    ...call('tnt_a', { id: 'c1', at: '2026-10-10T10:00:00Z', seconds: '120', cost: '0.2' }),
    ...call('tnt_a', { id: 'c2', at: '2026-10-11T10:00:00Z', seconds: '60', cost: '0.1' }),
    ...call('tnt_b', { id: 'c3', at: '2026-10-12T10:00:00Z', seconds: '60' }),
    started('tnt_a', 'c1', '2026-10-10T10:00:00Z'),
    started('tnt_b', 'c4', '2026-10-13T10:00:00Z'),
  ]);
  await books.fold();
});
afterAll(() => books.close());

function started(tenantId: string, id: string, at: string) {
  const stream = { kind: 'call', provider: 'retell', account: 'org_1', mode: 'live', externalId: id } as const;
  return { tenantId, event: { type: 'CallStarted', stream, occurredAt: at, data: {} } } as const;
}

test('finds what costs and is not rated, who has no plan, and calls whose end was never told', async () => {
  const october = { from: '2026-10-01', to: '2026-11-01' };
  const { rows, totals } = await books.ask(leakageReport, october);
  expect(rows).toEqual([
    {
      leak: 'cost_not_rated',
      tenant_id: 'tnt_a',
      provider: 'retell',
      facts: 2,
      cost: { amount: '0.3', currency: 'USD' },
    },
    { leak: 'cost_not_rated', tenant_id: 'tnt_b', provider: 'retell', facts: 1, cost: null },
    // Of c1 the end came, whatever the order in which the two were told.
    { leak: 'never_ended', tenant_id: 'tnt_b', provider: 'retell', facts: 1, cost: null },
    { leak: 'no_plan', tenant_id: 'tnt_b', provider: 'retell', facts: 1, cost: null },
  ]);
  expect(totals).toEqual({ cost_not_rated: [{ amount: '0.3', currency: 'USD' }] });
  expect((await books.ask(leakageReport, { ...october, leak: 'no_plan' })).rows).toHaveLength(1);
  expect((await books.ask(leakageReport, october, 'tnt_a')).rows).toHaveLength(1);
});
