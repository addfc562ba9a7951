import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { startConsole } from './console-site.ts';
import type { ConsoleSite } from './console-site.ts';
import { setOperations } from './operations-scene.ts';
import type { OperationsScene } from './operations-scene.ts';

let database: TestDatabase;
let scene: OperationsScene;
let site: ConsoleSite;
beforeAll(async () => {
  database = await createTestDatabase();
  scene = await setOperations(database);
  site = await startConsole(database);
});
afterAll(async () => {
  await site.close();
  await scene.bench.close();
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

/** The token in the form of the conflict's page. */
async function tokenOf(id: string, cookie: string): Promise<string> {
  const { text } = await open(`/conflicts/${id}`, cookie);
  return /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

async function decide(id: string, cookie: string, fields: Record<string, string>) {
  const response = await fetch(`${site.url}/conflicts/${id}/resolve`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(fields).toString(),
    redirect: 'manual',
  });
  return { status: response.status, location: response.headers.get('location'), text: await response.text() };
}

const decision = { keep: 'second', reason: 'confirmed by phone', by: 'Ada' };

async function resolutions(): Promise<readonly unknown[]> {
  const { rows } = await database.adminPool.query(
    `select data from hookledger.events where type = 'ConflictResolved' order by position`,
  );
  return rows.map((row) => row.data);
}

describe('a conflict is resolved', () => {
  test('only from a form of the same session', async () => {
    const id = scene.conflicts.invoice;
    const cookie = await cookieOf('ops');
    const foreign = await tokenOf(id, await cookieOf('ops'));
    expect(foreign).not.toBe('');
    for (const token of ['', 'made-up', foreign]) {
      const { status, text } = await decide(id, cookie, { ...decision, token });
      expect(status).toBe(403);
      expect(text).toContain('This form is of another session');
      expect(text).toContain('confirmed by phone');
    }
    expect((await decide(id, 'hookledger_session=none', { ...decision, token: foreign })).status).toBe(401);
    expect(await resolutions()).toEqual([]);
  });

  test('by ops and admins alone', async () => {
    const id = scene.conflicts.invoice;
    for (const role of ['finance', 'engineer'] as const) {
      const cookie = await cookieOf(role);
      expect((await open(`/conflicts/${id}`, cookie)).text).not.toContain('<form class="resolve"');
      expect((await decide(id, cookie, { ...decision, token: 'any' })).status).toBe(403);
    }
    expect(await resolutions()).toEqual([]);
  });

  test('with a name and a reason; what was written is shown again', async () => {
    const id = scene.conflicts.invoice;
    const cookie = await cookieOf('ops');
    const token = await tokenOf(id, cookie);
    for (const missing of ['keep', 'reason', 'by']) {
      const { status, text } = await decide(id, cookie, { ...decision, [missing]: ' ', token });
      expect(status).toBe(400);
      expect(text).toContain('role="alert"');
    }
    expect(await resolutions()).toEqual([]);
  });

  test('once; sent again it stays so, and another decision is refused', async () => {
    const id = scene.conflicts.invoice;
    const cookie = await cookieOf('ops');
    const token = await tokenOf(id, cookie);
    const sent = await decide(id, cookie, { ...decision, token });
    expect(sent).toMatchObject({ status: 303, location: `/console/conflicts/${id}` });
    expect((await decide(id, cookie, { ...decision, token })).status).toBe(303);
    expect((await decide(id, cookie, { ...decision, keep: 'first', token })).status).toBe(409);
    expect(await resolutions()).toEqual([
      {
        webhookId: id,
        keptWebhookId: id,
        reason: 'confirmed by phone',
        by: expect.stringMatching(/^Ada \(ops, session_[0-9a-f]{16}\)$/),
      },
    ]);
    const { text } = await open(`/conflicts/${id}`, cookie);
    expect(text).toContain('The second body counts.');
    expect(text).toContain('confirmed by phone');
    expect((await open('/conflicts', cookie)).text).not.toContain(id);
    expect((await open('/conflicts?state=all', cookie)).text).toContain(id);
  });
});

describe('pages of operations', () => {
  test('show bodies to those who may see them, and to the others what each body reports', async () => {
    const path = `/conflicts/${scene.conflicts.call}`;
    const engineer = (await open(path, await cookieOf('engineer'))).text;
    expect(engineer).toContain('<mark>');
    const ops = (await open(path, await cookieOf('ops'))).text;
    expect(ops).not.toContain('from_number');
    for (const text of [engineer, ops]) {
      expect(text).toContain('60 seconds');
      expect(text).toContain('75 seconds');
    }
  });

  test('tell of a rejection its cause, source and header names', async () => {
    const { text } = await open('/rejections', await cookieOf('ops'));
    expect(text.match(/badge bad/g)).toHaveLength(4);
    expect(text).toContain('wrong-signature');
    expect(text).toContain('stripe-signature');
    expect(text).toContain(scene.bench.sources.stripe);
    const filtered = (await open('/rejections?provider=retell&cause=wrong-signature', await cookieOf('ops'))).text;
    expect(filtered.match(/badge bad/g)).toHaveLength(1);
    expect((await open('/rejections?before=nonsense&from=never', await cookieOf('ops'))).status).toBe(200);
  });

  test('are not for tenants, and rejections not for finance', async () => {
    const tenant = await cookieOf('admin', scene.bench.tenantId);
    for (const path of ['/conflicts', `/conflicts/${scene.conflicts.call}`, '/rejections']) {
      expect((await open(path, tenant)).status).toBe(403);
    }
    expect((await open('', tenant)).text).not.toContain('/console/conflicts');
    expect((await open('/rejections', await cookieOf('finance'))).status).toBe(403);
  });

  test('say so when there is no such conflict', async () => {
    for (const id of ['nonsense', '01900000-0000-7000-8000-000000000000']) {
      const { status, text } = await open(`/conflicts/${id}`, await cookieOf('admin'));
      expect(status).toBe(404);
      expect(text).toContain('No such conflict');
    }
  });

  test('filter the webhooks by what the address says, and ignore what makes no sense', async () => {
    const cookie = await cookieOf('admin');
    const unmapped = (await open('?status=unmapped', cookie)).text;
    expect(unmapped).toContain('invoice.dreamt');
    expect(unmapped).not.toContain('call_ended');
    expect((await open('?type=call_ended&provider=retell', cookie)).text.match(/<strong>call_ended/g)).toHaveLength(2);
    expect((await open(`?tenant=${scene.bench.tenantId}`, cookie)).text).not.toContain('invoice.dreamt');
    expect((await open('?from=2000-01-01T00:00&to=2000-01-02T00:00', cookie)).text).toContain('None is like that.');
    expect((await open('?status=lost&from=never&type=%00', cookie)).text).toContain('call_ended');
  });

  test('say of a body that is erased when that was, and not that it is empty', async () => {
    const id = scene.conflicts.invoice;
    const erased = '2026-11-20T03:04:05.678Z';
    await database.adminPool.query(
      `update hookledger.webhooks w set body = '', headers = '{}', body_erased_at = $2
       from hookledger.conflicts c where c.webhook_id = $1 and w.id in (c.webhook_id, c.first_webhook_id)`,
      [id, erased],
    );
    const cookie = await cookieOf('engineer');
    const conflict = (await open(`/conflicts/${id}`, cookie)).text;
    expect(conflict.match(/erased on\s+<time datetime="2026-11-20T03:04:05.678Z"/g)).toHaveLength(2);
    expect(conflict).not.toContain('Nothing that counts can be read out of it');
    expect(conflict).not.toContain('Bodies are shown to engineers');
    const story = (await open(`/webhooks/${id}`, cookie)).text;
    expect(story).toMatch(/erased with its headers on\s+<time datetime="2026-11-20T03:04:05.678Z"/);
    for (const text of [conflict, story]) expect(text).not.toContain('0 bytes');
  });

  test('say of jobs that are no longer kept when they were dropped, and not that there were none', async () => {
    await database.adminPool.query('delete from hookledger.outbox');
    const { rows } = await database.adminPool.query<{ id: string }>(
      `select webhook_id as id from hookledger.events where type = 'CallEnded' limit 1`,
    );
    const path = `/webhooks/${rows[0]?.id}`;
    const before = (await open(path, await cookieOf('engineer'))).text;
    expect(before).toContain('Nothing to publish');
    await database.adminPool.query(
      `insert into hookledger.job_partitions (partition, settled_to, settled_at, dropped_at, dropped_position)
       values (0, 10000000, now(), '2026-11-21T00:00:00Z', 1)`,
    );
    const { text } = await open(path, await cookieOf('engineer'));
    expect(text).not.toContain('Nothing to publish');
    expect(text).toContain('No longer kept');
    expect(text).toContain('<time datetime="2026-11-21T00:00:00.000Z"');
  });
});
