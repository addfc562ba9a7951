import { issueStatement } from '../../../src/finance/statements/issue-statement.ts';
import { requestStatementIssue } from '../../../src/finance/statements/request-statement-issue.ts';
import { completePeriodClose } from '../../../src/finance/periods/complete-period-close.ts';
import { requestPeriodClose } from '../../../src/finance/periods/request-period-close.ts';
import { assignPricePlan } from '../../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../../src/tenants/define-price-plan.ts';
import { call, invoice, openBooks, payment } from '../../finance/books.ts';
import type { Books } from '../../finance/books.ts';

export type FinanceScene = Readonly<{ books: Books; statementId: string }>;

export const ACME = 'tnt_acme';
export const BOREAS = 'tnt_boreas';

/**
 * Three months of a reseller: Acme pays what it costs and more, Boreas's plan is below its cost since October, when it
 * called twice as much. September and October are closed; after the report of the 3rd a call of October came late.
 */
export async function setFinanceScene(): Promise<FinanceScene> {
  const books = await openBooks({ tenants: [ACME, BOREAS], now: '2026-11-03T09:00:00Z' });
  const { adminPool } = books.database;
  await adminPool.query(
    `update hookledger.tenants set name = case id when '${ACME}' then 'Acme Dental' else 'Boreas Clinics' end
     where id in ('${ACME}', '${BOREAS}')`,
  );
  await definePricePlan(books.deps, {
    planId: 'growth',
    name: 'Growth',
    currency: 'USD',
    components: [
      { kind: 'recurring', name: 'Base fee', amount: '49', interval: 'month' },
      { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.02' },
    ],
  });
  await definePricePlan(books.deps, {
    planId: 'bargain',
    name: 'Bargain',
    currency: 'USD',
    components: [{ kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.005' }],
  });
  await assignPricePlan(books.deps, { planId: 'growth', tenantId: ACME, validFrom: '2026-09-01T00:00:00Z' });
  await assignPricePlan(books.deps, { planId: 'bargain', tenantId: BOREAS, validFrom: '2026-09-01T00:00:00Z' });
  await books.append([
    ...calls(ACME, '2026-09', 4, '120', '0.3'),
    ...calls(BOREAS, '2026-09', 4, '200', '0.4'),
    ...calls(ACME, '2026-10', 5, '120', '0.3'),
    ...calls(BOREAS, '2026-10', 12, '200', '1.5'),
    ...invoice(ACME, {
      id: 'in_acme_9',
      at: '2026-08-20T00:00:00Z',
      dueAt: '2026-09-10T00:00:00Z',
      net: '80',
      tax: '16',
      currency: 'USD',
    }),
    ...invoice(BOREAS, {
      id: 'in_boreas_10',
      at: '2026-10-31T00:00:00Z',
      dueAt: '2026-11-14T00:00:00Z',
      net: '12',
      tax: '2',
      currency: 'USD',
    }),
    ...payment(ACME, { id: 'pi_acme_1', at: '2026-10-05T00:00:00Z', amount: '71', currency: 'USD' }),
  ]);
  await books.fold();
  for (const tenantId of [ACME, BOREAS]) {
    for (const period of ['2026-09', '2026-10']) await issue(books, tenantId, period);
  }
  for (const period of ['2026-09', '2026-10']) {
    await requestPeriodClose(books.deps, { period, by: 'Ada' });
    await books.fold();
    const { outcome } = await completePeriodClose(books.deps);
    if (outcome !== 'closed') throw new Error(`${period} was not closed: ${outcome}`);
  }
  await books.fold();
  // What was recorded until now was reported on the 3rd.
  await adminPool.query(`update hookledger.high_water_mark_history set at = at - interval '21 days'`);

  books.setClock('2026-11-20T09:00:00Z');
  await books.append([
    ...call(BOREAS, { id: 'late', at: '2026-10-28T10:00:00Z', seconds: '600', cost: '4' }),
    ...calls(ACME, '2026-11', 3, '180', '0.4'),
    ...calls(BOREAS, '2026-11', 3, '200', '0.5'),
  ]);
  await books.fold();
  const { rows } = await adminPool.query<{ id: string }>(
    `select statement_id as id from hookledger.statement_steps where step = 'issued' and tenant_id = $1 and period = '2026-10'`,
    [BOREAS],
  );
  return { books, statementId: rows[0]?.id ?? '' };
}

async function issue(books: Books, tenantId: string, period: string): Promise<void> {
  const command = { tenantId, period, currency: 'USD', by: 'Ada' };
  await requestStatementIssue(books.deps, command);
  await books.fold();
  await issueStatement(books.deps, command, 0);
}

function calls(tenantId: string, month: string, count: number, seconds: string, cost: string) {
  return Array.from({ length: count }, (_, index) =>
    call(tenantId, {
      id: `${tenantId}-${month}-${index}`,
      at: `${month}-${String(2 + index).padStart(2, '0')}T10:00:00Z`,
      seconds,
      cost,
    }),
  ).flat();
}
