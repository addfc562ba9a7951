import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSource } from '../../src/tenants/create-source.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import {
  InvalidCommandError,
  SourceExistsError,
  UnknownSourceError,
  UnknownTenantError,
} from '../../src/tenants/errors.ts';
import { listSources } from '../../src/tenants/list-sources.ts';
import { rotateSecret } from '../../src/tenants/rotate-secret.ts';
import { SecretUnreadableError } from '../../src/tenants/secret-box.ts';
import { createSourceCatalogue } from '../../src/tenants/source-catalogue.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

let setup: TenantsSetup;
beforeAll(async () => {
  setup = await setUpTenants();
});
afterAll(() => setup.close());

/** A source of an account of its own. */
async function newSource(secrets: string[] = ['whsec_1']) {
  const account = `acct_${randomBytes(6).toString('hex')}`;
  return { account, ...(await createSource(setup, { provider: 'stripe', account, secrets })) };
}

/** How many transactions `run` takes from the pool. */
async function countingQueries(run: () => Promise<unknown>): Promise<number> {
  let queries = 0;
  const count = () => {
    queries += 1;
  };
  setup.pool.on('acquire', count);
  await run();
  setup.pool.off('acquire', count);
  return queries;
}

describe('a source', () => {
  test('is found with everything that it was made with, its secrets in the clear', async () => {
    const { id: defaultTenantId } = await createTenant(setup, { name: 'Default' });
    const made = {
      provider: 'retell',
      account: 'org_1',
      secrets: ['newest', 'older'],
      publicUrl: 'https://hooks.example.com',
      publicKey: 'a public key',
      settings: { appId: 'app_1' },
      mode: 'test' as const,
      books: 'tenant' as const,
      defaultTenantId,
    };
    const { id, path } = await createSource(setup, made);
    expect(path).toBe(`/webhooks/retell/${id}`);
    expect(await createSourceCatalogue(setup).find(id)).toEqual({ id, ...made });
  });

  test('is live and of the platform, unless it is said otherwise', async () => {
    const { id, account } = await newSource();
    expect(await createSourceCatalogue(setup).find(id)).toEqual({
      id,
      provider: 'stripe',
      account,
      secrets: ['whsec_1'],
      settings: {},
      mode: 'live',
      books: 'platform',
    });
  });

  test('is kept with its secrets sealed', async () => {
    const { id } = await newSource(['whsec_in_the_clear']);
    const { rows } = await setup.database.adminPool.query('select secrets from hookledger.sources where id = $1', [id]);
    expect(JSON.stringify(rows)).not.toContain('whsec_in_the_clear');
    expect(rows).toEqual([{ secrets: [expect.any(String)] }]);
  });

  test('is listed without its secrets', async () => {
    const { id } = await newSource(['whsec_listed', 'whsec_older']);
    const listed = await listSources(setup);
    expect(JSON.stringify(listed)).not.toMatch(/whsec_/);
    expect(listed.find((source) => source.id === id)).toMatchObject({ liveSecrets: 2, path: `/webhooks/stripe/${id}` });
  });

  test('is one for each account and mode, and the error says for which', async () => {
    const { account } = await newSource();
    await createSource(setup, { provider: 'stripe', account, secrets: [], mode: 'test' });
    const second = createSource(setup, { provider: 'stripe', account, secrets: [] });
    await expect(second).rejects.toThrow(SourceExistsError);
    await expect(second).rejects.toThrow(`the live account ${account} of stripe exists already`);
  });

  test('needs a default tenant that exists', async () => {
    const made = createSource(setup, { provider: 'stripe', account: 'a', secrets: [], defaultTenantId: 'tnt_none' });
    await expect(made).rejects.toThrow(UnknownTenantError);
  });

  test.each([
    ['secrets', { secrets: ['1', '2', '3'] }],
    ['secrets', { secrets: [''] }],
    ['provider', { provider: 'Stripe/../x' }],
    ['account', { account: '' }],
    ['publicUrl', { publicUrl: 'ftp://example.com' }],
  ])('names the bad field %s', async (field, change) => {
    const made = createSource(setup, { provider: 'stripe', account: 'b', secrets: [], ...change });
    await expect(made).rejects.toThrow(InvalidCommandError);
    await expect(made).rejects.toThrow(field);
  });
});

describe('rotating a secret', () => {
  test('keeps the one before it live and ends the older ones', async () => {
    const { id } = await newSource(['first']);
    for (const secret of ['second', 'third']) await rotateSecret(setup, { sourceId: id, secret });
    expect((await createSourceCatalogue(setup).find(id))?.secrets).toEqual(['third', 'second']);
  });

  test('to the newest one once more changes nothing', async () => {
    const { id } = await newSource(['first']);
    for (const secret of ['second', 'second']) await rotateSecret(setup, { sourceId: id, secret });
    expect((await createSourceCatalogue(setup).find(id))?.secrets).toEqual(['second', 'first']);
  });

  test('can end every other one at once, also those that a lost master key sealed', async () => {
    const { id } = await newSource(['first']);
    const changed = { ...setup, masterKey: randomBytes(32) };
    await expect(rotateSecret(changed, { sourceId: id, secret: 'second' })).rejects.toThrow(SecretUnreadableError);
    await rotateSecret(changed, { sourceId: id, secret: 'second', keepPrevious: false });
    expect((await createSourceCatalogue(changed).find(id))?.secrets).toEqual(['second']);
  });

  test('loses none of two new secrets that come at once', async () => {
    const { id } = await newSource([]);
    await Promise.all(['one', 'other'].map((secret) => rotateSecret(setup, { sourceId: id, secret })));
    expect((await createSourceCatalogue(setup).find(id))?.secrets.toSorted()).toEqual(['one', 'other']);
  });

  test('needs a source that exists', async () => {
    await expect(rotateSecret(setup, { sourceId: 'src_none', secret: 's' })).rejects.toThrow(UnknownSourceError);
  });
});

describe('the source catalogue', () => {
  test('shows a change after a second, and until then asks only once', async () => {
    const catalogue = createSourceCatalogue(setup);
    const { id } = await newSource(['first']);
    await catalogue.find(id);
    await rotateSecret(setup, { sourceId: id, secret: 'second' });
    expect((await catalogue.find(id))?.secrets).toEqual(['first']);
    setup.moveClock(1_000);
    expect((await catalogue.find(id))?.secrets).toEqual(['second', 'first']);
  });

  test('finds a source at once that it did not know a moment ago', async () => {
    const catalogue = createSourceCatalogue(setup);
    const { id, account } = await newSource();
    await setup.database.adminPool.query('delete from hookledger.sources where id = $1', [id]);
    expect(await catalogue.find(id)).toBeUndefined();
    await setup.database.adminPool.query(
      `insert into hookledger.sources (id, provider, account, mode, books) values ($1, 'stripe', $2, 'live', 'platform')`,
      [id, account],
    );
    expect(await catalogue.find(id)).toMatchObject({ id, secrets: [] });
  });

  test('shares one query between look-ups at once', async () => {
    const catalogue = createSourceCatalogue(setup);
    const { id } = await newSource();
    const queries = await countingQueries(async () => {
      const found = await Promise.all(Array.from({ length: 50 }, () => catalogue.find(id)));
      expect(found.every((source) => source?.id === id)).toBe(true);
    });
    expect(queries).toBe(1);
  });

  test('asks once more, for all that joined, when a query under way found nothing', async () => {
    // What was committed after that query began would be missed otherwise.
    const catalogue = createSourceCatalogue(setup);
    const queries = await countingQueries(async () => {
      const first = catalogue.find('src_not_there');
      await once(setup.pool, 'acquire');
      await Promise.all([first, ...Array.from({ length: 50 }, () => catalogue.find('src_not_there'))]);
    });
    expect(queries).toBe(2);
  });

  test('says no without a look-up to what cannot be an id', async () => {
    const catalogue = createSourceCatalogue(setup);
    for (const id of ['', 'nul\0', '../..', 'x'.repeat(65)]) expect(await catalogue.find(id)).toBeUndefined();
  });

  test('fails, and does not say unknown, when the master key is another one', async () => {
    const { id } = await newSource();
    const catalogue = createSourceCatalogue({ ...setup, masterKey: randomBytes(32) });
    await expect(catalogue.find(id)).rejects.toThrow(SecretUnreadableError);
  });
});
