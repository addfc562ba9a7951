import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../../src/domain/decimal.ts';
import { setFxRate } from '../../../src/finance/fx/set-fx-rates.ts';
import { enterProviderCost } from '../../../src/finance/provider-costs/enter-provider-costs.ts';
import { voidProviderCost } from '../../../src/finance/provider-costs/void-provider-cost.ts';
import { costsReport } from '../../../src/finance/reports/costs-report.ts';
import { marginReport } from '../../../src/finance/reports/margin-report.ts';
import { summaryReport } from '../../../src/finance/reports/summary-report.ts';
import { call, openBooks } from '../books.ts';
import type { Answer, Books } from '../books.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks({ tenants: TENANTS, now: '2026-12-01T00:00:00Z' });
});
afterAll(() => books.close());

const TENANTS = ['tnt_a', 'tnt_b', 'tnt_c'];
const step = fc.record({
  kind: fc.constantFrom('enter', 'enter', 'void', 'call', 'call', 'rate'),
  tenantId: fc.constantFrom(...TENANTS, 'unassigned'),
  allocation: fc.constantFrom('direct', 'equal', 'seats', 'usage'),
  cents: fc.integer({ min: 1, max: 99_999 }),
  day: fc.integer({ min: 1, max: 28 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Each run has a month and a currency of its own, and nothing of it touches another's. */
let run = 0;

test('figures of fixed costs are what they were at every position, and days add up to the range', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
      run += 1;
      const year = 2000 + run;
      const told: Answer[][] = [];
      for (const [index, each] of steps.entries()) {
        await take(each, { year, index });
        await books.fold();
        told.push(await askAll(year));
      }
      for (const answers of told) {
        const [{ position } = { position: '' }] = answers;
        expect(await askAll(year, position)).toEqual(answers);
      }
      const [whole, days] = told.at(-1) ?? [];
      for (const tenantId of [...TENANTS, 'unassigned']) expect(sumOf(days, tenantId)).toBe(sumOf(whole, tenantId));
    }),
    { numRuns: 8, endOnFailure: true },
  );
}, 120_000);

async function take(each: Step, { year, index }: { year: number; index: number }): Promise<void> {
  const day = String(each.day).padStart(2, '0');
  const at = `${year}-06-${day}T10:00:00Z`;
  switch (each.kind) {
    case 'call':
      await books.append(
        call(each.tenantId, { id: `c${year}-${index}`, at, seconds: String(each.cents), cost: '0.01' }),
      );
      return;
    case 'void': {
      const costId = `k${year}-${each.day % 5}`;
      await voidProviderCost(books.deps, { costId, reason: 'a mistake', by: 'ada' }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'unknown_provider_cost' });
      });
      return;
    }
    case 'rate':
      await setFxRate(books.deps, {
        base: 'USD',
        quote: 'EUR',
        rate: `0.${each.cents}`.replace(/0+$/, '1'),
        date: `${year}-06-30`,
        source: 'ECB',
      });
      return;
    case 'enter':
      await enterProviderCost(books.deps, {
        costId: `k${year}-${index % 5}`,
        provider: 'retell',
        category: 'purchase',
        component: 'seats',
        amount: formatDecimal({ units: BigInt(each.cents), scale: 2 }),
        currency: 'USD',
        periodFrom: `${year}-06-01`,
        periodTo: each.day % 2 === 0 ? `${year}-07-01` : at,
        allocation: allocationOf(each),
        by: 'ada',
      }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching('provider_cost_immutable|invalid_command') });
      });
  }
}

function allocationOf({ allocation, tenantId, day }: Step) {
  const bearer = tenantId === 'unassigned' ? 'tnt_a' : tenantId;
  switch (allocation) {
    case 'direct':
      return { key: 'direct' as const, tenantId: bearer };
    case 'seats':
      return { key: 'seats' as const, seats: [{ tenantId: bearer, seats: day }] };
    case 'usage':
      return { key: 'usage' as const, meter: 'call_seconds' };
    default:
      return { key: 'equal' as const };
  }
}

async function askAll(year: number, position?: string): Promise<Answer[]> {
  const june = { from: `${year}-06-01`, to: `${year}-07-01`, ...(position === undefined ? {} : { as_of: position }) };
  return [
    await books.ask(costsReport, { ...june, window: 'none', group_by: 'tenant_id' }),
    await books.ask(costsReport, { ...june, window: 'day', group_by: 'tenant_id' }),
    await books.ask(marginReport, { ...june, reporting_currency: 'EUR' }),
    await books.ask(summaryReport, { ...june, reporting_currency: 'EUR' }),
  ];
}

function sumOf(answer: Answer | undefined, tenantId: string): string {
  const amounts = (answer?.rows ?? []).flatMap(({ tenant_id: tenant, cost }) =>
    tenant === tenantId && typeof cost === 'object' && cost !== null && 'amount' in cost ? [String(cost.amount)] : [],
  );
  return formatDecimal(amounts.map(parseDecimal).reduce(addDecimals, ZERO));
}
