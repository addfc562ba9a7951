import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { setScenario, webhooks } from '../../finance/scenario.ts';
import { insertRows, uuid } from '../../finance/seed.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';

let database: TestDatabase;
let site: ConsoleSite;
beforeAll(async () => {
  database = await createTestDatabase();
  await setScenario(database.adminPool);
  site = await startConsole(database);
});
afterAll(async () => {
  await site.close();
  await database.drop();
});

async function cookieOf(...who: Parameters<ConsoleSite['signInUrl']>): Promise<string> {
  const response = await fetch(await site.signInUrl(...who), { redirect: 'manual' });
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

async function open(path: string, cookie: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${site.url}${path}`, { headers: { cookie } });
  return { status: response.status, text: await response.text() };
}

describe('signing in', () => {
  test('a link works once, and gives a cookie that no script and no other site can use', async () => {
    const link = await site.signInUrl('admin');
    const first = await fetch(link, { redirect: 'manual' });
    expect(first.status).toBe(303);
    expect(first.headers.get('location')).toBe('/console');
    expect(first.headers.getSetCookie()[0]).toMatch(
      /^hookledger_session=[^;]+; Path=\/console; .*HttpOnly; SameSite=Lax$/,
    );
    const second = await fetch(link, { redirect: 'manual' });
    expect(second.status).toBe(401);
    expect(second.headers.getSetCookie()).toEqual([]);
    expect(await second.text()).toContain('no longer signs in');
  });

  test('behind TLS the cookie stays on TLS', async () => {
    const link = await site.signInUrl('admin');
    const response = await fetch(link, { redirect: 'manual', headers: { 'x-forwarded-proto': 'https' } });
    expect(response.headers.getSetCookie()[0]).toContain('; Secure');
  });

  test('looking whether a link is alive does not use it up', async () => {
    const link = await site.signInUrl('admin');
    expect((await fetch(link, { method: 'HEAD', redirect: 'manual' })).status).toBe(401);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(303);
  });

  test('without a session every page says how to get a link, and nothing else', async () => {
    for (const path of ['', '/', `/webhooks/${webhooks.call}`, '/v1/usage', '/nowhere']) {
      const { status, text } = await open(path, 'hookledger_session=made-up');
      expect(status).toBe(401);
      expect(text).toContain('npx hookledger console sign-in');
      expect(text).not.toContain('call_7f3e');
    }
  });

  test('signing out ends the session', async () => {
    const cookie = await cookieOf('admin');
    expect((await open('', cookie)).status).toBe(200);
    await fetch(`${site.url}/sign-out`, { method: 'POST', headers: { cookie }, redirect: 'manual' });
    expect((await open('', cookie)).status).toBe(401);
  });
});

describe('pages', () => {
  test('allow nothing but their own stylesheet', async () => {
    const response = await fetch(site.url, { headers: { cookie: await cookieOf('admin') } });
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const page = await response.text();
    expect(page).not.toMatch(/<script|\son\w+=|\sstyle=/);
    const [, stylesheet] = /href="(\/console\/console\.css\?[0-9a-f]+)"/.exec(page) ?? [];
    const styles = await fetch(new URL(stylesheet ?? '', site.url));
    expect(styles.headers.get('content-type')).toContain('text/css');
    expect(styles.headers.get('cache-control')).toContain('immutable');
  });

  test('show what providers send as text, never as markup', async () => {
    const evil = '"><script>alert(1)</script>';
    await insertRows(database.adminPool, 'webhooks', [
      {
        position: 3,
        id: uuid(666),
        source_id: evil,
        provider: 'stripe',
        account: evil,
        mode: 'live',
        books: 'platform',
        tenant_id: evil,
        status: 'unmapped',
        detail: evil,
        provider_event_id: evil,
        provider_type: evil,
        method: 'POST',
        url: `/webhooks/${evil}`,
        headers: JSON.stringify({ [evil]: ['x'] }),
        body: Buffer.from(JSON.stringify({ [evil]: evil })),
        content_hash: Buffer.from('x'),
        received_at: new Date(),
      },
    ]);
    const { status, text } = await open(`/webhooks/${uuid(666)}`, await cookieOf('admin'));
    expect(status).toBe(200);
    expect(text).not.toContain('<script');
    expect(text.split('&lt;script&gt;').length).toBeGreaterThan(8);
    await database.adminPool.query('delete from hookledger.webhooks where position = 3');
  });

  test('list the newest webhooks, and older ones page by page', async () => {
    const cookie = await cookieOf('admin');
    await database.adminPool.query(
      `insert into hookledger.webhooks
       select (w).* from (
         select jsonb_populate_record(w, jsonb_build_object('position', 200 + n, 'id', gen_random_uuid(),
           'provider_type', 'numbered.' || n)) as w
         from hookledger.webhooks w, generate_series(1, 30) n where w.position = 14) x`,
    );
    const newest = (await open('', cookie)).text;
    expect(newest.match(/numbered\.\d+/g)).toEqual(Array.from({ length: 25 }, (_, n) => `numbered.${30 - n}`));
    const [, older] = /href="\/console(\?before=\d+)"/.exec(newest) ?? [];
    const next = (await open(older ?? '', cookie)).text;
    expect(next.match(/numbered\.\d+/g)).toEqual([
      'numbered.5',
      'numbered.4',
      'numbered.3',
      'numbered.2',
      'numbered.1',
    ]);
    expect(next).toContain(`/console/webhooks/${webhooks.call}?before=206`);
    expect((await open('?before=nonsense', cookie)).status).toBe(200);
    await database.adminPool.query('delete from hookledger.webhooks where position > 200');
  });

  test('load again by themselves only while something new is under way', async () => {
    const cookie = await cookieOf('admin');
    const refresh = 'http-equiv="refresh"';
    expect((await open(`/webhooks/${webhooks.fresh}`, cookie)).text).not.toContain(refresh);
    await database.adminPool.query(
      'update hookledger.webhooks set recorded_at = clock_timestamp() where id = any ($1)',
      [[webhooks.fresh, webhooks.call]],
    );
    expect((await open(`/webhooks/${webhooks.fresh}`, cookie)).text).toContain(refresh);
    expect((await open(`/webhooks/${webhooks.call}`, cookie)).text).not.toContain(refresh);
  });

  test('show where a fact counts that another event told, too', async () => {
    const { text } = await open(`/webhooks/${webhooks.charge}`, await cookieOf('finance'));
    expect(text).toContain('None added: other events tell the same facts');
    expect(text).toContain('of another event');
    expect(text).toContain('150 EUR');
  });

  test('say so when there is no such webhook', async () => {
    const cookie = await cookieOf('admin');
    for (const id of [uuid(404), 'evt_nobody', '%00', '%3Cb%3E']) {
      const { status, text } = await open(`/webhooks/${id}`, cookie);
      expect(status).toBe(404);
      expect(text).toContain('No such webhook');
      expect(text).not.toContain('<b>');
    }
  });
});

describe('sessions', () => {
  test('of engineers show the body, of finance the way to the figures', async () => {
    const engineer = (await open(`/webhooks/${webhooks.call}`, await cookieOf('engineer'))).text;
    expect(engineer).toContain('ada@example.com');
    expect(engineer).not.toContain('/console/v1/usage');
    const finance = (await open(`/webhooks/${webhooks.call}`, await cookieOf('finance'))).text;
    expect(finance).not.toContain('ada@example.com');
    expect(finance).toContain('/console/v1/usage');
    for (const page of [engineer, finance]) expect(page).not.toContain('very-secret');
  });

  test('reach the queries behind figures with the rights of their role', async () => {
    const usage = await open('/v1/usage', await cookieOf('finance'));
    expect(JSON.parse(usage.text)).toMatchObject({ meta: { window: 'day' } });
    expect((await open('/v1/usage', await cookieOf('engineer'))).status).toBe(403);
  });

  test('of a tenant show its webhooks alone, without the machinery', async () => {
    const cookie = await cookieOf('finance', 'tnt_a');
    const { text } = await open(`/webhooks/${webhooks.call}`, cookie);
    expect(text).toContain('120 seconds');
    expect(text).not.toContain('Outbox');
    expect(text).not.toContain('tnt_b');
    expect((await open(`/webhooks/${webhooks.failedPayment}`, cookie)).status).toBe(404);
  });
});
