import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Router } from 'express';
import { createRequireRole, principalOf } from '../../src/http/auth.ts';
import { createAuthenticator } from '../../src/tenants/authenticator.ts';
import { createApiKey } from '../../src/tenants/create-api-key.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { setUpTenants } from '../tenants/tenants-setup.ts';
import type { TenantsSetup } from '../tenants/tenants-setup.ts';
import { startServer } from './http-setup.ts';
import type { StartedServer } from './http-setup.ts';

let setup: TenantsSetup;
let server: StartedServer;

beforeAll(async () => {
  setup = await setUpTenants();
  const requireRole = createRequireRole({ authenticate: createAuthenticator(setup) });
  const v1Router = Router();
  v1Router.get('/figures', requireRole('finance', 'admin'), (_request, response) => {
    response.json(principalOf(response));
  });
  v1Router.get('/forgotten', (_request, response) => {
    response.json(principalOf(response));
  });
  server = await startServer({ v1Router });
});
afterAll(async () => {
  await server.close();
  await setup.close();
});

function get(authorization?: string): Promise<Response> {
  return fetch(`${server.url}/v1/figures`, authorization === undefined ? {} : { headers: { authorization } });
}

describe('a route that asks for a role', () => {
  test('tells its handler who asks', async () => {
    const { id: tenantId } = await createTenant(setup, { name: 'Asker' });
    const finance = await createApiKey(setup, { role: 'finance', tenantId });
    const admin = await createApiKey(setup, { role: 'admin' });
    expect(await (await get(`Bearer ${finance.key}`)).json()).toEqual({ id: finance.id, role: 'finance', tenantId });
    expect(await (await get(`bearer  ${admin.key} `)).json()).toEqual({ id: admin.id, role: 'admin' });
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic aGw6aGw=', 'Bearer hl_finance_00000000000000000000000000'])(
    'answers 401 to the authorization %p',
    async (authorization) => {
      const response = await get(authorization);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
    },
  );

  test('answers 403 to a key of another role, and says which it needs', async () => {
    const { key } = await createApiKey(setup, { role: 'ops' });
    const response = await get(`Bearer ${key}`);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ detail: 'This needs a key of the role finance or admin, not ops.' });
  });

  test('fails closed where the asking was forgotten', async () => {
    expect((await fetch(`${server.url}/v1/forgotten`)).status).toBe(500);
  });
});
