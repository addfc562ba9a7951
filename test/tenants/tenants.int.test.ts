import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { InvalidCommandError, TenantNameTakenError } from '../../src/tenants/errors.ts';
import { listTenants } from '../../src/tenants/list-tenants.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

let setup: TenantsSetup;
beforeAll(async () => {
  setup = await setUpTenants();
});
afterAll(() => setup.close());

describe('tenants', () => {
  test('are listed by name, the pseudo-tenant among them', async () => {
    const { id } = await createTenant(setup, { name: 'Zebra Dental' });
    await createTenant(setup, { name: ' Acme ' });
    expect(id).toMatch(/^tnt_[0-9a-z]{16}$/);
    expect((await listTenants(setup)).map(({ name }) => name)).toEqual(
      ['Acme', 'unassigned', 'Zebra Dental'].toSorted(),
    );
  });

  test('have a lane for each queue from the moment they exist', async () => {
    const { id } = await createTenant(setup, { name: 'With lanes' });
    const { rows } = await setup.database.adminPool.query(`select queue from hookledger.lanes where tenant_id = $1`, [
      id,
    ]);
    expect(rows).toHaveLength(5);
  });

  test('may not share a name, and the error says which', async () => {
    await createTenant(setup, { name: 'Twice' });
    const second = createTenant(setup, { name: 'Twice' });
    await expect(second).rejects.toThrow(TenantNameTakenError);
    await expect(second).rejects.toThrow(/"Twice" exists already/);
  });

  test.each(['', '  ', 'x'.repeat(201), 'nul\0', 'bell\u0007', 'lone \ud800'])('refuse the name %j', async (name) => {
    await expect(createTenant(setup, { name })).rejects.toThrow(InvalidCommandError);
  });
});
