import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { completeStatementIssue, digestStatement } from '../../src/finance/statements/complete-statement-issue.ts';
import { issueStatement } from '../../src/finance/statements/issue-statement.ts';
import { linkStatement } from '../../src/finance/statements/link-statement.ts';
import { readStatement } from '../../src/finance/statements/read-statement.ts';
import { requestStatementIssue } from '../../src/finance/statements/request-statement-issue.ts';
import { statementCsv } from '../../src/finance/statements/statement-csv.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { marginReport } from '../../src/finance/reports/margin-report.ts';
import { statementsReport } from '../../src/finance/reports/statements-report.ts';
import { summaryReport } from '../../src/finance/reports/summary-report.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import { call, invoice, openBooks } from './books.ts';
import type { Books } from './books.ts';

let books: Books;

beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a', 'tnt_b'], now: '2026-09-03T09:00:00Z' });
  await definePricePlan(books.deps, {
    planId: 'tiers',
    name: 'Tiers',
    currency: 'USD',
    components: [
      { kind: 'recurring', name: 'Base fee', amount: '49', interval: 'month' },
      {
        kind: 'graduated',
        meter: 'call_seconds',
        tiers: [
          { upTo: '100', unitPrice: '0.01' },
          { upTo: null, unitPrice: '0.005' },
        ],
      },
      { kind: 'markup', percent: '25' },
    ],
  });
  await assignPricePlan(books.deps, { planId: 'tiers', tenantId: 'tnt_a', validFrom: '2026-07-15T00:00:00Z' });
  await books.append([
    ...call('tnt_a', { id: 'c1', at: '2026-08-10T10:00:00Z', seconds: '120', cost: '0.333' }),
    ...call('tnt_a', { id: 'c2', at: '2026-08-11T10:00:00Z', seconds: '30.5', cost: '0.1' }),
    ...call('tnt_b', { id: 'c3', at: '2026-08-11T10:00:00Z', seconds: '30' }),
  ]);
  await books.fold();
});
afterAll(() => books.close());

const august = { tenantId: 'tnt_a', period: '2026-08', currency: 'USD', by: 'ada' };

async function issue(command: Parameters<typeof requestStatementIssue>[1]) {
  const { statementId } = await requestStatementIssue(books.deps, command);
  // The request lies above what was folded.
  await books.fold();
  const { statement } = await issueStatement(books.deps, command, 0);
  if (statement === undefined) throw new Error(`${statementId} was not issued`);
  return statement;
}

describe('a statement', () => {
  test('is a draft that moves with the facts until it is issued', async () => {
    const { rows } = await books.ask(statementsReport, { status: 'draft', period: '2026-08' });
    expect(rows).toMatchObject([
      {
        statement_id: null,
        tenant_id: 'tnt_a',
        status: 'draft',
        // 49 + 100 × 0.01 + 50.5 × 0.005 + 0.433 × 1.25
        exact: { amount: '50.79375', currency: 'USD' },
        amount: { amount: '50.79', currency: 'USD' },
      },
    ]);
  });

  test('charges what is rated of the month, tiers included', async () => {
    const { totals } = await books.ask(marginReport, { from: '2026-08-01', to: '2026-09-01', tenant_id: 'tnt_a' });
    expect(totals['revenue']).toEqual([{ amount: '50.79375', currency: 'USD' }]);
    const summary = await books.ask(summaryReport, { from: '2026-08-01', to: '2026-09-01', tenant_id: 'tnt_a' });
    expect(summary.rows).toMatchObject([{ rated: { amount: '50.79375' } }]);
  });

  test('is refused while the month goes on, for a tenant that is none, and where usage has no price', async () => {
    const ask = (command: object) => requestStatementIssue(books.deps, { ...august, ...command });
    await expect(ask({ period: '2026-09' })).rejects.toMatchObject({ code: 'statement_state' });
    await expect(ask({ tz: 'Mars/Olympus' })).rejects.toMatchObject({ code: 'statement_state' });
    await expect(ask({ tenantId: 'tnt_x' })).rejects.toMatchObject({ code: 'unknown_tenant' });
    await expect(ask({ currency: 'euro' })).rejects.toMatchObject({ code: 'invalid_command' });
    await expect(issue({ ...august, tenantId: 'tnt_b' })).rejects.toMatchObject({
      code: 'statement_refused',
      reasons: [expect.objectContaining({ check: 'unpriced' }), expect.objectContaining({ check: 'empty' })],
    });
  });

  test('once issued has its lines, rounded together, and a digest of all that it says', async () => {
    const statement = await issue(august);
    expect(statement.lines).toMatchObject([
      { lineNo: 1, kind: 'fee', description: 'Base fee', exact: '49', amount: '49' },
      { kind: 'pass_through', provider: 'retell', meter: 'llm', exact: '0.54125', amount: '0.54' },
      { kind: 'usage', tier: '0–100', quantity: '100', unitPrice: '0.01', exact: '1', amount: '1', facts: 2 },
      { kind: 'usage', tier: 'over 100', quantity: '50.5', unitPrice: '0.005', exact: '0.2525', amount: '0.25' },
    ]);
    expect(statement.totals).toEqual({ exact: '50.79375', amount: '50.79', roundingDifference: '0.00375' });
    const { sha256, ...content } = statement;
    expect(sha256).toBe(digestStatement(content));
    expect(statementCsv(statement).split('\r\n')[1]).toBe('1,fee,Base fee,2026-08,,,,,,,49,49,USD,0');
    await expect(requestStatementIssue(books.deps, august)).rejects.toMatchObject({ code: 'statement_state' });
  });

  test('is issued by one of several processes that complete it', async () => {
    await assignPricePlan(books.deps, { planId: 'tiers', tenantId: 'tnt_b', validFrom: '2026-08-01T00:00:00Z' });
    await books.fold();
    await requestStatementIssue(books.deps, { ...august, tenantId: 'tnt_b' });
    expect((await completeStatementIssue(books.deps)).outcome).toBe('waiting');
    await books.fold();
    const outcomes = await Promise.all([1, 2, 3].map(() => completeStatementIssue(books.deps)));
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['issued', 'nothing', 'nothing']);
  });

  test('never changes: what comes later is one adjustment on the next, by the price of the whole month', async () => {
    const before = (await books.ask(statementsReport, { period: '2026-08' })).rows[0];
    await books.append(call('tnt_a', { id: 'c9', at: '2026-08-31T10:00:00Z', seconds: '10', cost: '0.1' }));
    books.setClock('2026-10-02T09:00:00Z');
    await books.append(call('tnt_a', { id: 'c10', at: '2026-09-10T10:00:00Z', seconds: '1', cost: '0' }));
    await books.fold();
    const september = await issue({ ...august, period: '2026-09' });
    // 10 × 0.005, the tier that the month had reached, + 0.1 × 1.25
    expect(september.lines.filter(({ kind }) => kind === 'adjustment')).toMatchObject([
      { exact: '0.175', servicePeriod: '2026-08', corrects: before?.['statement_id'] },
    ]);
    expect((await books.ask(statementsReport, { period: '2026-08' })).rows[0]).toEqual(before);

    books.setClock('2026-11-02T09:00:00Z');
    const october = await issue({ ...august, period: '2026-10' });
    expect(october.lines.filter(({ kind }) => kind === 'adjustment')).toEqual([]);
  });

  test('is linked to the invoice that bills it, with the difference', async () => {
    const statementId = String(
      (await books.ask(statementsReport, { period: '2026-08', tenant_id: 'tnt_a' })).rows[0]?.['statement_id'],
    );
    const billing = { statementId, provider: 'stripe', account: 'acct_1', invoiceId: 'in_7', by: 'ada' };
    expect(await linkStatement(books.deps, billing)).toEqual({ linked: true });
    expect(await linkStatement(books.deps, billing)).toEqual({ linked: false });
    const read = () => withReadTransaction(books.deps.pool, {}, (tx) => readStatement(tx, statementId));
    expect((await read()).invoice).toMatchObject({ invoiceId: 'in_7', net: null, difference: null });
    await books.append(invoice('tnt_a', { id: 'in_7', at: '2026-09-04T00:00:00Z', net: '51', currency: 'USD' }));
    await books.fold();
    expect((await read()).invoice).toMatchObject({ net: '51', difference: '0.21' });
    expect((await books.ask(statementsReport, { period: '2026-08', tenant_id: 'tnt_a' })).rows).toMatchObject([
      { invoice_id: 'in_7', invoice_net: { amount: '51', currency: 'USD' } },
    ]);
  });

  test("is seen by its tenant's key alone", async () => {
    const own = await books.ask(statementsReport, {}, 'tnt_b');
    expect(own.rows.map((row) => row['tenant_id'])).toEqual(['tnt_b']);
    const other = String((await books.ask(statementsReport, { tenant_id: 'tnt_a' })).rows[0]?.['statement_id']);
    await expect(
      withReadTransaction(books.deps.pool, { tenantId: 'tnt_b' }, (tx) => readStatement(tx, other)),
    ).rejects.toMatchObject({ code: 'unknown_statement' });
  });
});
