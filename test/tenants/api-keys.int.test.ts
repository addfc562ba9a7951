import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../src/tenants/authenticator.ts';
import { createApiKey } from '../../src/tenants/create-api-key.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { UnknownApiKeyError, UnknownTenantError } from '../../src/tenants/errors.ts';
import { listApiKeys } from '../../src/tenants/list-api-keys.ts';
import { revokeApiKey } from '../../src/tenants/revoke-api-key.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

let setup: TenantsSetup;
beforeAll(async () => {
  setup = await setUpTenants();
});
afterAll(() => setup.close());

describe('an API key', () => {
  test('stands for its role', async () => {
    const { id, key } = await createApiKey(setup, { role: 'finance' });
    expect(key).toMatch(/^hl_finance_[0-9a-z]{26}$/);
    expect(await createAuthenticator(setup)(key)).toEqual({ id, role: 'finance' });
  });

  test('may stand for one tenant only', async () => {
    const { id: tenantId } = await createTenant(setup, { name: 'Keyholder' });
    const { id, key } = await createApiKey(setup, { role: 'ops', tenantId });
    expect(await createAuthenticator(setup)(key)).toEqual({ id, role: 'ops', tenantId });
  });

  test('is kept as a hash, and listed without it', async () => {
    const { id, key } = await createApiKey(setup, { role: 'engineer' });
    const { rows } = await setup.database.adminPool.query<{ row: string }>(
      `select to_jsonb(k)::text as row from hookledger.api_keys k where id = $1`,
      [id],
    );
    expect(rows[0]?.row).not.toContain(key.slice(-26));
    const listed = (await listApiKeys(setup)).find((listedKey) => listedKey.id === id);
    expect(listed).toEqual({ id, role: 'engineer', createdAt: expect.any(Date) });
  });

  test('needs a tenant that exists', async () => {
    await expect(createApiKey(setup, { role: 'ops', tenantId: 'tnt_none' })).rejects.toThrow(UnknownTenantError);
  });

  test('opens nothing once it is revoked, within a second', async () => {
    const authenticate = createAuthenticator(setup);
    const { id, key } = await createApiKey(setup, { role: 'admin' });
    await authenticate(key);
    await revokeApiKey(setup, { id });
    await revokeApiKey(setup, { id });
    expect((await listApiKeys(setup)).find((listed) => listed.id === id)?.revokedAt).toBeInstanceOf(Date);
    setup.moveClock(1_000);
    expect(await authenticate(key)).toBeUndefined();
  });

  test('can be revoked only where it exists', async () => {
    await expect(revokeApiKey(setup, { id: 'key_none' })).rejects.toThrow(UnknownApiKeyError);
  });

  test.each(['', 'hl_finance_', 'hl_finance_00000000000000000000000000', "' or 1=1", 'nul\0'])(
    'is not what somebody made up: %j',
    async (key) => {
      expect(await createAuthenticator(setup)(key)).toBeUndefined();
    },
  );
});
