import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changeSource } from '../../src/tenants/change-source.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createTenant } from '../../src/tenants/create-tenant.ts';
import { InvalidCommandError, UnknownSourceError, UnknownTenantError } from '../../src/tenants/errors.ts';
import { createSourceCatalogue } from '../../src/tenants/source-catalogue.ts';
import { setUpTenants } from './tenants-setup.ts';
import type { TenantsSetup } from './tenants-setup.ts';

const MADE = {
  provider: 'twilio',
  secrets: ['newest', 'older'],
  publicUrl: 'https://old.example.com',
  settings: { subaccounts: true, voiceTwiml: '<Response/>' },
  mode: 'test' as const,
};

let setup: TenantsSetup;
let defaultTenantId: string;
beforeAll(async () => {
  setup = await setUpTenants();
  ({ id: defaultTenantId } = await createTenant(setup, { name: 'Default' }));
});
afterAll(() => setup.close());

async function newSource() {
  const account = `AC${randomBytes(6).toString('hex')}`;
  return { account, ...(await createSource(setup, { ...MADE, account })) };
}

type Command = Parameters<typeof changeSource>[1];

function change(command: Command, fault?: string) {
  return changeSource({ orm: setup.orm, checkSettings: () => fault }, command);
}

const find = (id: string) => createSourceCatalogue(setup).find(id);

describe('changing a source', () => {
  test('answers what is otherwise than before, and leaves everything else as it was', async () => {
    const { id, account } = await newSource();
    const settings = { subaccounts: false };
    const changes = await change({
      sourceId: id,
      publicUrl: 'https://new.example.com',
      publicKey: 'a key',
      settings,
      defaultTenantId,
    });
    expect(changes).toEqual([
      { field: 'publicUrl', before: 'https://old.example.com', after: 'https://new.example.com' },
      { field: 'publicKey', before: null, after: 'a key' },
      { field: 'settings', before: MADE.settings, after: settings },
      { field: 'defaultTenantId', before: null, after: defaultTenantId },
    ]);
    expect(await find(id)).toEqual({
      ...MADE,
      id,
      account,
      books: 'platform',
      publicUrl: 'https://new.example.com',
      publicKey: 'a key',
      settings,
      defaultTenantId,
    });
  });

  test('to what it is already changes nothing, whatever the order of the settings', async () => {
    const { id } = await newSource();
    const before = await find(id);
    const same = { publicUrl: MADE.publicUrl, settings: { voiceTwiml: '<Response/>', subaccounts: true } };
    expect(await change({ sourceId: id, ...same, publicKey: null })).toEqual([]);
    expect(await find(id)).toEqual(before);
  });

  test('with null takes away what was there', async () => {
    const { id } = await newSource();
    expect(await change({ sourceId: id, publicUrl: null })).toEqual([
      { field: 'publicUrl', before: 'https://old.example.com', after: null },
    ]);
    expect(await find(id)).not.toHaveProperty('publicUrl');
  });

  test('holds after a second in a catalogue that knows the source already', async () => {
    const catalogue = createSourceCatalogue(setup);
    const { id } = await newSource();
    await catalogue.find(id);
    await change({ sourceId: id, settings: {} });
    expect((await catalogue.find(id))?.settings).toEqual(MADE.settings);
    setup.moveClock(1_000);
    expect((await catalogue.find(id))?.settings).toEqual({});
  });

  test('asks with its provider and the new settings whether they hold, and changes nothing when they do not', async () => {
    const { id } = await newSource();
    const asked: unknown[] = [];
    const changing = changeSource(
      {
        orm: setup.orm,
        checkSettings: (...args) => {
          asked.push(args);
          return 'subaccounts is no boolean';
        },
      },
      { sourceId: id, publicUrl: 'https://new.example.com', settings: { subaccounts: 'all' } },
    );
    await expect(changing).rejects.toThrow(new InvalidCommandError('subaccounts is no boolean'));
    expect(asked).toEqual([['twilio', { subaccounts: 'all' }]]);
    expect(await find(id)).toMatchObject({ publicUrl: MADE.publicUrl, settings: MADE.settings });
  });

  test('needs a source and a default tenant that exist', async () => {
    const { id } = await newSource();
    await expect(change({ sourceId: 'src_none', settings: {} })).rejects.toThrow(UnknownSourceError);
    const unknown = change({ sourceId: id, publicUrl: null, defaultTenantId: 'tnt_none' });
    await expect(unknown).rejects.toThrow(UnknownTenantError);
    await expect(unknown).rejects.toThrow('tnt_none');
    expect(await find(id)).toMatchObject({ publicUrl: MADE.publicUrl });
  });

  test.each([
    ['publicUrl', { publicUrl: 'ftp://example.com' }],
    ['publicKey', { publicKey: '' }],
    ['defaultTenantId', { defaultTenantId: 'a\0b' }],
  ])('names the bad field %s', async (field, bad) => {
    const changing = change({ sourceId: 'src_any', ...bad });
    await expect(changing).rejects.toThrow(InvalidCommandError);
    await expect(changing).rejects.toThrow(field);
  });

  test('loses neither of two changes that come at once', async () => {
    const { id } = await newSource();
    await Promise.all([
      change({ sourceId: id, publicKey: 'a key' }),
      change({ sourceId: id, settings: { subaccounts: false } }),
    ]);
    expect(await find(id)).toMatchObject({ publicKey: 'a key', settings: { subaccounts: false } });
  });
});
