import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEventData } from '../../src/domain/events.ts';
import type { EventType } from '../../src/domain/events.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { addAccountMapping } from '../../src/tenants/add-account-mapping.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import { foldCostRate } from '../../src/tenants/fold-cost-rate.ts';
import { foldAccountMapping } from '../../src/tenants/fold-account-mapping.ts';
import { foldPricePlanAssignment } from '../../src/tenants/fold-price-plan-assignment.ts';
import { foldPricePlan } from '../../src/tenants/fold-price-plan.ts';
import { setCostRate } from '../../src/tenants/set-cost-rate.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

const tables = ['price_plan_assignments', 'price_plans', 'account_mappings', 'cost_rates'];

let setup: TenantsSetup;
beforeAll(async () => {
  setup = await setUpTenants();
  await setup.database.adminPool.query(
    `insert into hookledger.tenants (id, name) values ('tnt_a', 'A'), ('tnt_b', 'B')`,
  );
});
afterAll(() => setup.close());

async function contents() {
  const read = async (table: string) => {
    const { rows } = await setup.database.adminPool.query(`select t::text from hookledger.${table} t order by t::text`);
    return rows;
  };
  return Promise.all(tables.map(read));
}

/** Folds the whole history again, as a rebuild does. */
async function foldHistory(): Promise<void> {
  const { rows } = await setup.database.adminPool.query<{
    type: EventType;
    schema_version: number;
    position: string;
    occurred_at: Date;
    data: unknown;
  }>('select type, schema_version, position, occurred_at, data from hookledger.events order by position');
  await withTransaction(setup.pool, { tenant: '*' }, async (tx) => {
    for (const { type, schema_version: version, data, ...row } of rows) {
      const position = BigInt(row.position);
      if (type === 'AccountMappingAdded') {
        await foldAccountMapping(tx, { position, data: readEventData(type, version, data) });
      } else if (type === 'PricePlanDefined') {
        await foldPricePlan(tx, { position, data: readEventData(type, version, data) });
      } else if (type === 'PricePlanAssigned') {
        const occurredAt = row.occurred_at;
        await foldPricePlanAssignment(tx, { position, occurredAt, data: readEventData(type, version, data) });
      } else if (type === 'CostRateSet') {
        await foldCostRate(tx, { position, data: readEventData(type, version, data) });
      }
    }
  });
}

describe('the tables of administrative events', () => {
  beforeAll(async () => {
    const mapping = { provider: 'stripe', account: 'acct_1', externalId: 'cus_1' };
    await addAccountMapping(setup, { ...mapping, tenantId: 'tnt_a' });
    await addAccountMapping(setup, { ...mapping, tenantId: 'tnt_b', validFrom: '2026-01-01T00:00:00Z' });
    const rate = { provider: 'twilio', meter: 'sms', currency: 'USD', validFrom: '2026-01-01T00:00:00Z' };
    await setCostRate(setup, { ...rate, unitCost: '0.0079' });
    await setCostRate(setup, { ...rate, unitCost: '0.0083', direction: 'outbound', validTo: '2027-01-01T00:00:00Z' });
    for (const planId of ['plan_1', 'plan_2']) {
      await definePricePlan(setup, {
        planId,
        name: planId,
        currency: 'USD',
        components: [{ kind: 'flat', amount: '10' }],
      });
      await assignPricePlan(setup, { tenantId: 'tnt_a', planId, validFrom: '2026-01-01T00:00:00Z' });
    }
  });

  test('are the same when history is folded again into empty ones', async () => {
    const before = await contents();
    for (const table of tables) await setup.database.adminPool.query(`delete from hookledger.${table}`);
    await foldHistory();
    expect(before.map((rows) => rows.length)).toEqual([2, 2, 2, 2]);
    expect(await contents()).toEqual(before);
  });

  test('are the same when history is folded again over them', async () => {
    const before = await contents();
    await foldHistory();
    expect(await contents()).toEqual(before);
  });
});
