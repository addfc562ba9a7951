import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { addAccountMapping } from '../../src/tenants/add-account-mapping.ts';
import { assignPricePlan } from '../../src/tenants/assign-price-plan.ts';
import { definePricePlan } from '../../src/tenants/define-price-plan.ts';
import {
  InvalidCommandError,
  MappingConflictError,
  PricePlanImmutableError,
  UnknownPricePlanError,
  UnknownTenantError,
} from '../../src/tenants/errors.ts';
import { setCostRate } from '../../src/tenants/set-cost-rate.ts';
import { createTenantResolver } from '../../src/tenants/tenant-resolver.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

let setup: TenantsSetup;
beforeAll(async () => {
  setup = await setUpTenants();
  await setup.database.adminPool.query(
    `insert into hookledger.tenants (id, name) values ('tnt_a', 'A'), ('tnt_b', 'B')`,
  );
});
afterAll(() => setup.close());

async function events(externalId: string) {
  const { rows } = await setup.database.adminPool.query<{ type: string; tenant_id: string; position: string }>(
    `select type, tenant_id, mode, books, position from hookledger.events where external_id = $1 order by position`,
    [externalId],
  );
  return rows;
}

async function folded(table: string, key: Record<string, string>) {
  const { rows } = await setup.database.adminPool.query<Record<string, unknown>>(
    `select to_jsonb(t) as row from hookledger.${table} t where to_jsonb(t) @> $1::jsonb order by position`,
    [JSON.stringify(key)],
  );
  return rows.map(({ row }) => row);
}

const mapping = { provider: 'stripe', account: 'acct_1', tenantId: 'tnt_a' };
const plan = {
  planId: 'plan_1',
  name: 'Calls',
  currency: 'USD',
  components: [{ kind: 'per_unit' as const, meter: 'call_seconds', unitPrice: '0.0025' }],
};

describe('adding an account mapping', () => {
  test('appends an event of the platform, which no tenant may see, and holds at once', async () => {
    expect(await addAccountMapping(setup, { ...mapping, externalId: 'cus_1' })).toEqual({ added: true });
    const [event, ...more] = await events('stripe/acct_1/cus_1');
    expect(more).toEqual([]);
    expect(event).toMatchObject({
      type: 'AccountMappingAdded',
      tenant_id: 'unassigned',
      mode: 'live',
      books: 'platform',
    });
    expect(await folded('account_mappings', { external_id: 'cus_1' })).toEqual([
      {
        provider: 'stripe',
        account: 'acct_1',
        external_id: 'cus_1',
        tenant_id: 'tnt_a',
        valid_from: '-infinity',
        valid_to: 'infinity',
        position: Number(event?.position),
      },
    ]);
    const at = new Date('2026-03-01T12:00:00Z');
    const thing = { provider: 'stripe', account: 'acct_1', externalIds: ['cus_1'], at };
    expect(await createTenantResolver(setup).resolve(thing)).toBe('tnt_a');
  });

  test('twice does nothing the second time, and says so, even when both come at once', async () => {
    const command = { ...mapping, externalId: 'cus_twice', validFrom: '2026-01-01T00:00:00Z' };
    const answers = await Promise.all([addAccountMapping(setup, command), addAccountMapping(setup, command)]);
    expect(answers.filter(({ added }) => added)).toHaveLength(1);
    const sameInstant = { ...command, validFrom: '2026-01-01T01:00:00+01:00' };
    expect(await addAccountMapping(setup, sameInstant)).toEqual({ added: false });
    expect(await events('stripe/acct_1/cus_twice')).toHaveLength(1);
  });

  test('to another tenant needs another beginning, and the error says whose it is', async () => {
    await addAccountMapping(setup, { ...mapping, externalId: 'cus_moved' });
    const moved = { ...mapping, externalId: 'cus_moved', tenantId: 'tnt_b' };
    const same = addAccountMapping(setup, moved);
    await expect(same).rejects.toThrow(MappingConflictError);
    await expect(same).rejects.toThrow('cus_moved is mapped to tnt_a from -infinity on');
    expect(await addAccountMapping(setup, { ...moved, validFrom: '2026-02-01T00:00:00Z' })).toEqual({ added: true });
    expect(await folded('account_mappings', { external_id: 'cus_moved' })).toHaveLength(2);
  });

  test('of a tenant that does not exist leaves nothing behind', async () => {
    const command = { ...mapping, externalId: 'cus_nobody', tenantId: 'tnt_none' };
    await expect(addAccountMapping(setup, command)).rejects.toThrow(UnknownTenantError);
    expect(await events('stripe/acct_1/cus_nobody')).toEqual([]);
  });

  test('refuses a validity that ends before it begins, and a time that is none', async () => {
    const command = { ...mapping, externalId: 'cus_odd', validFrom: '2026-02-01T00:00:00Z' };
    await expect(addAccountMapping(setup, { ...command, validTo: '2026-01-01T00:00:00Z' })).rejects.toThrow(/validTo/);
    await expect(addAccountMapping(setup, { ...command, validTo: 'soon' })).rejects.toThrow(InvalidCommandError);
  });
});

describe('defining a price plan', () => {
  test('appends an event and folds it', async () => {
    expect(await definePricePlan(setup, plan)).toEqual({ defined: true });
    expect(await events('plan_1')).toMatchObject([{ type: 'PricePlanDefined', tenant_id: 'unassigned' }]);
    expect(await folded('price_plans', { plan_id: 'plan_1' })).toMatchObject([
      { name: 'Calls', currency: 'USD', components: plan.components },
    ]);
  });

  test('with the same content once more does nothing, and says so', async () => {
    const again = { ...plan, planId: 'plan_again' };
    await definePricePlan(setup, again);
    // The order of keys is no content.
    const components = again.components.map(({ kind, meter, unitPrice }) => ({ unitPrice, meter, kind }));
    expect(await definePricePlan(setup, { ...again, components })).toEqual({ defined: false });
    expect(await events('plan_again')).toHaveLength(1);
  });

  test.each([{ name: 'Other' }, { currency: 'EUR' }, { components: [{ kind: 'flat' as const, amount: '1' }] }])(
    'with other content is refused: %j',
    async (change) => {
      await definePricePlan(setup, { ...plan, planId: 'plan_fixed' });
      const changed = definePricePlan(setup, { ...plan, planId: 'plan_fixed', ...change });
      await expect(changed).rejects.toThrow(PricePlanImmutableError);
    },
  );

  test('keeps tiers as they were written, and refuses two prices of one thing', async () => {
    const tiers = [
      { upTo: '1000', unitPrice: '0.02', flatFee: '5' },
      { upTo: null, unitPrice: '0.01' },
    ];
    const volume = { kind: 'volume' as const, meter: 'call_seconds', provider: 'twilio', tiers };
    const tiered = { ...plan, planId: 'plan_tiers', components: [...plan.components, volume] };
    expect(await definePricePlan(setup, tiered)).toEqual({ defined: true });
    expect(await definePricePlan(setup, tiered)).toEqual({ defined: false });
    expect(await folded('price_plans', { plan_id: 'plan_tiers' })).toMatchObject([{ components: tiered.components }]);
    const twice = definePricePlan(setup, { ...tiered, planId: 'plan_twice', components: [volume, volume] });
    await expect(twice).rejects.toThrow('is the second price of call_seconds twilio, after components[0]');
  });

  test('with a price that is no decimal string is refused', async () => {
    const components = [{ kind: 'flat' as const, amount: '0.0000000000001' }];
    await expect(definePricePlan(setup, { ...plan, planId: 'plan_bad', components })).rejects.toThrow(
      InvalidCommandError,
    );
  });
});

describe('assigning a price plan', () => {
  const validFrom = '2026-01-01T00:00:00Z';

  test('appends an event of the tenant and folds it', async () => {
    await definePricePlan(setup, { ...plan, planId: 'plan_assigned' });
    const command = { tenantId: 'tnt_a', planId: 'plan_assigned', validFrom };
    expect(await assignPricePlan(setup, command)).toEqual({ assigned: true });
    expect(await assignPricePlan(setup, command)).toEqual({ assigned: false });
    expect(await events('tnt_a')).toMatchObject([{ type: 'PricePlanAssigned', tenant_id: 'tnt_a' }]);
    expect(await folded('price_plan_assignments', { tenant_id: 'tnt_a' })).toMatchObject([
      { plan_id: 'plan_assigned' },
    ]);
  });

  test('from the same time on replaces the plan, and can be taken back', async () => {
    for (const planId of ['plan_x', 'plan_y']) await definePricePlan(setup, { ...plan, planId });
    for (const planId of ['plan_x', 'plan_y', 'plan_x']) {
      expect(await assignPricePlan(setup, { tenantId: 'tnt_b', planId, validFrom })).toEqual({ assigned: true });
    }
    const plans = await folded('price_plan_assignments', { tenant_id: 'tnt_b' });
    expect(plans).toMatchObject([{ plan_id: 'plan_x' }, { plan_id: 'plan_y' }, { plan_id: 'plan_x' }]);
  });

  test('again with reprice is another event; again without it is not', async () => {
    await definePricePlan(setup, { ...plan, planId: 'plan_reprice' });
    const command = { tenantId: 'tnt_b', planId: 'plan_reprice', validFrom: '2026-05-01T00:00:00Z' };
    const answers = [];
    for (const reprice of [false, true, true, false]) {
      answers.push(await assignPricePlan(setup, { ...command, reprice }));
    }
    expect(answers.map(({ assigned }) => assigned)).toEqual([true, true, false, false]);
    expect(await folded('price_plan_assignments', { plan_id: 'plan_reprice' })).toMatchObject([
      { reprice: false, assigned_at: expect.any(String) },
      { reprice: true },
    ]);
  });

  test('needs a tenant and a plan that exist', async () => {
    const unknownTenant = assignPricePlan(setup, { tenantId: 'tnt_none', planId: 'plan_1', validFrom });
    await expect(unknownTenant).rejects.toThrow(UnknownTenantError);
    const unknownPlan = assignPricePlan(setup, { tenantId: 'tnt_a', planId: 'plan_none', validFrom });
    await expect(unknownPlan).rejects.toThrow(UnknownPricePlanError);
  });
});

describe('setting a cost rate', () => {
  const rate = { provider: 'twilio', meter: 'call_seconds', currency: 'USD', validFrom: '2026-01-01T00:00:00Z' };

  test('appends an event of the platform, which no tenant may see, and folds it', async () => {
    expect(await setCostRate(setup, { ...rate, unitCost: '0.00014', direction: 'out/bound' })).toEqual({ set: true });
    const [event] = await events('twilio//call_seconds//out%2Fbound/');
    expect(event).toMatchObject({ type: 'CostRateSet', tenant_id: 'unassigned', mode: 'live', books: 'platform' });
    expect(await folded('cost_rates', { direction: 'out/bound' })).toEqual([
      {
        position: Number(event?.position),
        provider: 'twilio',
        account: null,
        meter: 'call_seconds',
        unit: null,
        direction: 'out/bound',
        channel: null,
        currency: 'USD',
        unit_cost: 0.00014,
        valid_from: '2026-01-01T00:00:00+00:00',
        valid_to: null,
        reprice: false,
        tenant_id: 'unassigned',
      },
    ]);
  });

  test('with the same content once more does nothing, however the amount and the time are written', async () => {
    await setCostRate(setup, { ...rate, meter: 'again', unitCost: '0.1' });
    const same = { ...rate, meter: 'again', unitCost: '0.10', validFrom: '2026-01-01T01:00:00+01:00' };
    expect(await setCostRate(setup, same)).toEqual({ set: false });
    expect(await events('twilio//again///')).toHaveLength(1);
  });

  test('again with reprice is another event', async () => {
    const command = { ...rate, meter: 'reprice', unitCost: '1' };
    expect(await setCostRate(setup, command)).toEqual({ set: true });
    expect(await setCostRate(setup, { ...command, reprice: true })).toEqual({ set: true });
    expect(await setCostRate(setup, { ...command, reprice: true })).toEqual({ set: false });
    expect(await setCostRate(setup, command)).toEqual({ set: false });
  });

  test('can be changed and taken back, and another filter is another rate', async () => {
    for (const unitCost of ['1', '2', '1']) {
      expect(await setCostRate(setup, { ...rate, meter: 'changed', unitCost })).toEqual({ set: true });
    }
    expect(await setCostRate(setup, { ...rate, meter: 'changed', unitCost: '1', unit: 'second' })).toEqual({
      set: true,
    });
    const ended = { ...rate, meter: 'changed', unitCost: '1', validTo: '2026-02-01T00:00:00Z' };
    expect(await setCostRate(setup, ended)).toEqual({ set: true });
  });

  test('takes as many digits as a provider has, and refuses what is no amount or ends before it begins', async () => {
    const precise = `0.${'0'.repeat(40)}1`;
    expect(await setCostRate(setup, { ...rate, meter: 'precise', unitCost: precise })).toEqual({ set: true });
    const { rows } = await setup.database.adminPool.query(
      `select unit_cost::text as cost from hookledger.cost_rates where meter = 'precise'`,
    );
    expect(rows).toEqual([{ cost: precise }]);
    for (const unitCost of ['-1', '1e3', 'free', '']) {
      await expect(setCostRate(setup, { ...rate, unitCost })).rejects.toThrow(InvalidCommandError);
    }
    const backwards = { ...rate, unitCost: '1', validTo: rate.validFrom };
    await expect(setCostRate(setup, backwards)).rejects.toThrow(/validTo/);
  });
});
