import type { Client } from 'pg';
import type { PricePlanComponent } from '../../src/domain/pricing.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool, withConnection } from '../../src/platform/postgres.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { PROJECTIONS } from '../../src/projections/all-projections.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { enterProviderCost } from '../../src/finance/provider-costs/enter-provider-costs.ts';
import { createProjectionRunner } from '../../src/projections/run-projection.ts';
import type { CommandDeps } from '../../src/tenants/administrative-command.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import { setCostRate } from '../../src/tenants/set-cost-rate.ts';
import type { FinanceStories } from './finance-events.ts';
import { insertFinanceEvents } from './finance-events.ts';

const logger = createLogger({ level: 'warn' });
/** More than a server takes at once: nobody waits for a figure meanwhile. */
const BATCH = 4_000;

/** A log of finance's: tenants with plans, cost rates and fixed costs by the real commands, before any usage. */
export async function createFinanceLog(
  { adminUrl, appUrl }: { adminUrl: string; appUrl: string },
  { tenantIds, months }: { tenantIds: readonly string[]; months: readonly Date[] },
) {
  const pool = createPool({
    url: appUrl,
    applicationName: 'bench',
    max: 6,
    statementTimeoutMs: 0,
    idleInTransactionTimeoutMs: 0,
    byIndex: true,
    logger,
  });
  const [first = new Date(0)] = months;
  const admin = <T>(fn: (client: Client) => Promise<T>): Promise<T> => withConnection(adminUrl, fn);
  await admin((client) =>
    client.query('insert into hookledger.tenants (id, name) select id, id from unnest($1::text[]) id', [tenantIds]),
  );
  await setUp({ pool, appendEvents, clock: { now: () => first }, newId: () => uuidv7() }, { tenantIds, months });
  await fold(pool);

  /** Appends, and folds nothing; answers the last position. */
  async function insert(stories: FinanceStories): Promise<bigint> {
    const position = await admin((client) => insertFinanceEvents(client, stories));
    await admin((client) => client.query('analyze'));
    return position;
  }

  return {
    /** With the application's rights, and without a limit on time. */
    pool,
    insert,
    /** Appends and folds; answers the last position and how long the folds took. */
    async load(stories: FinanceStories): Promise<{ position: bigint; foldMs: number }> {
      const position = await insert(stories);
      const startedAt = performance.now();
      await fold(pool);
      const foldMs = performance.now() - startedAt;
      await admin((client) => client.query('vacuum (analyze)'));
      return { position, foldMs };
    },
    count: (sql: string): Promise<number> =>
      admin(async (client) => Number((await client.query<{ count: string }>(sql)).rows[0]?.count)),
    close: () => pool.end(),
  };
}

/** All that there is, by the projections as the server runs them. */
async function fold(pool: Pool): Promise<void> {
  const clock = { now: () => new Date() };
  await Promise.all(
    PROJECTIONS.map(async (projection) => {
      const runner = createProjectionRunner({ pool, projection, logger, clock, batchSize: BATCH });
      // oxlint-disable-next-line no-await-in-loop -- a batch begins where the one before ended
      while ((await runner.tick()).moved);
    }),
  );
}

/** Rated by the fact and by the month, in two currencies, with fees and minimums. */
const PLANS: readonly (readonly PricePlanComponent[])[] = [
  [
    { kind: 'flat', amount: '49' },
    { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0025' },
    { kind: 'per_unit', meter: 'message_segments', unitPrice: '0.012' },
    { kind: 'markup', percent: '20' },
  ],
  [
    {
      kind: 'graduated',
      meter: 'call_seconds',
      tiers: [
        { upTo: '10000', unitPrice: '0.003' },
        { upTo: null, unitPrice: '0.002' },
      ],
    },
    { kind: 'per_unit', meter: 'message_segments', unitPrice: '0.01' },
  ],
  [
    { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0022' },
    { kind: 'included', meter: 'message_segments', quantity: '500', unitPrice: '0.011' },
    { kind: 'minimum', amount: '100' },
  ],
  [
    { kind: 'recurring', name: 'Seat', amount: '20', interval: 'month' },
    { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.002' },
    { kind: 'per_unit', meter: 'message_segments', unitPrice: '0.009' },
  ],
];

async function setUp(
  deps: CommandDeps,
  { tenantIds, months }: { tenantIds: readonly string[]; months: readonly Date[] },
): Promise<void> {
  const validFrom = months[0]?.toISOString() ?? '';
  for (const [index, components] of PLANS.entries()) {
    const currency = index === 3 ? 'EUR' : 'USD';
    // oxlint-disable-next-line no-await-in-loop -- commands come one after the other
    await definePricePlan(deps, {
      planId: `plan_${index}`,
      name: `Plan ${index}`,
      currency,
      components: [...components],
    });
  }
  await setCostRate(deps, {
    provider: 'twilio',
    meter: 'message_segments',
    currency: 'USD',
    unitCost: '0.0075',
    validFrom,
  });
  for (const [index, tenantId] of tenantIds.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- commands come one after the other
    await assignPricePlan(deps, { planId: `plan_${index % PLANS.length}`, tenantId, validFrom });
  }
  for (const [index, from] of months.entries()) {
    const periodTo = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1));
    const shared = { category: 'purchase', amount: '500', currency: 'USD', by: 'bench' } as const;
    const period = { periodFrom: from.toISOString(), periodTo: periodTo.toISOString() };
    // oxlint-disable-next-line no-await-in-loop -- commands come one after the other
    await enterProviderCost(deps, {
      ...shared,
      ...period,
      costId: `numbers_${index}`,
      provider: 'twilio',
      component: 'numbers',
      allocation: { key: 'usage', meter: 'message_segments' },
    });
    // oxlint-disable-next-line no-await-in-loop -- commands come one after the other
    await enterProviderCost(deps, {
      ...shared,
      ...period,
      costId: `seats_${index}`,
      provider: 'retell',
      component: 'platform',
      allocation: { key: 'equal' },
    });
  }
}
