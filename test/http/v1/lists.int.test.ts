import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { webhooks } from '../../finance/scenario.ts';
import { insertRows, uuid } from '../../finance/seed.ts';
import { startApi } from './api.ts';
import type { Api, Row } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await insertRows(
    api.database.adminPool,
    'rejections',
    ['stripe', 'retell', 'stripe'].map((provider, slot) => ({
      slot,
      id: uuid(900 + slot),
      // Two within one moment: a page must not lose one of them.
      rejected_at: slot === 0 ? '2026-03-10T09:00:00Z' : '2026-03-10T10:00:00.123Z',
      provider,
      source_id: `src_${provider}`,
      cause: slot === 0 ? 'expired-signature' : 'wrong-signature',
      detail: slot === 2 ? 'Signed against https://hooks.example.com/webhooks' : null,
      header_names: ['content-type', 'x-signature'],
      body_hash: Buffer.from('ab', 'hex'),
      body_bytes: 12,
    })),
  );
});
afterAll(() => api.close());

async function pagesOf(path: string, key?: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let next: string | null = ''; next !== null;) {
    const { data, page } = await api.list(`${path}${next === '' ? '' : `&cursor=${next}`}`, key);
    rows.push(...data);
    next = page.next_cursor;
  }
  return rows;
}

const idsOf = (rows: readonly Row[], name = 'id') => rows.map((row) => row[name]);

describe('GET /v1/webhooks', () => {
  test('lists what came in, newest first, page by page, without bodies', async () => {
    const all = await pagesOf('/v1/webhooks?limit=4');
    expect(idsOf(all)).toEqual([
      webhooks.fresh,
      webhooks.conflict,
      webhooks.unassigned,
      webhooks.quarantined,
      webhooks.unmapped,
      webhooks.failedPayment,
      webhooks.charge,
      webhooks.payment,
      webhooks.call,
    ]);
    expect(JSON.stringify(all)).not.toMatch(/ada@example|very-secret/);
  });

  test.each([
    ['status=unmapped,quarantined', ['quarantined', 'unmapped']],
    ['provider=stripe&status=accepted&tenant_id=tnt_b', ['failedPayment']],
    ['type=call_ended', ['fresh', 'unassigned']],
    ['from=2026-03-10T10:24:00Z&to=2026-03-10T10:34:00Z', ['charge', 'payment']],
  ] as const)('filters by %s', async (query, names) => {
    const { data } = await api.list(`/v1/webhooks?${query}`, 'ops');
    expect(idsOf(data)).toEqual(names.map((name) => webhooks[name]));
  });

  test('shows a tenant its own', async () => {
    const { data } = await api.list('/v1/webhooks', 'finance@tnt_b');
    expect(idsOf(data)).toEqual([webhooks.failedPayment]);
    expect((await api.list('/v1/webhooks?tenant_id=tnt_a', 'finance@tnt_b')).data).toEqual([]);
  });
});

describe('GET /v1/conflicts', () => {
  test('lists the open ones, and all of them when asked', async () => {
    const { data } = await api.list('/v1/conflicts', 'finance');
    expect(data).toMatchObject([
      { webhook_id: webhooks.conflict, first_webhook_id: webhooks.payment, resolved_position: null },
    ]);
    await api.database.adminPool.query('update hookledger.conflicts set resolved_position = 60');
    expect((await api.list('/v1/conflicts', 'ops')).data).toEqual([]);
    const [resolved] = (await api.list('/v1/conflicts?state=all&provider=stripe', 'ops')).data;
    expect(resolved?.links['resolution']).toBe('/v1/events?position_from=60&position_to=60');
    await api.database.adminPool.query('update hookledger.conflicts set resolved_position = null');
  });
});

describe('GET /v1/rejections', () => {
  test('lists what was refused and why, newest first, page by page', async () => {
    const all = await pagesOf('/v1/rejections?limit=1', 'ops');
    expect(idsOf(all)).toEqual([uuid(902), uuid(901), uuid(900)]);
    expect(all[0]).toEqual({
      id: uuid(902),
      rejected_at: '2026-03-10T10:00:00.123Z',
      provider: 'stripe',
      source_id: 'src_stripe',
      cause: 'wrong-signature',
      detail: 'Signed against https://hooks.example.com/webhooks',
      header_names: ['content-type', 'x-signature'],
      body_sha256: 'ab',
      body_bytes: 12,
      links: {},
    });
  });

  test.each([
    ['provider=retell', [901]],
    ['source_id=src_stripe&cause=expired-signature', [900]],
    ['from=2026-03-10T09:30:00Z', [902, 901]],
    ['to=2026-03-10T09:30:00Z', [900]],
  ])('filters by %s', async (query, slots) => {
    const { data } = await api.list(`/v1/rejections?${query}`, 'engineer');
    expect(idsOf(data)).toEqual(slots.map(uuid));
  });
});

describe('the lists', () => {
  test('of conflicts and rejections are of the platform, and finance reads no rejections', async () => {
    for (const path of ['/v1/conflicts', '/v1/rejections']) {
      expect((await api.get(path, '')).status).toBe(401);
      expect((await api.get(path, 'admin@tnt_a')).status).toBe(403);
    }
    expect((await api.get('/v1/rejections', 'finance')).status).toBe(403);
  });

  test.each([
    ['/v1/webhooks?status=lost', 'status'],
    ['/v1/webhooks?from=yesterday', 'from'],
    ['/v1/webhooks?limit=0', 'limit'],
    ['/v1/conflicts?state=closed', 'state'],
    ['/v1/rejections?colour=red', 'colour'],
    ['/v1/rejections?cursor=nonsense', 'cursor'],
  ])('%s is a problem that names %s', async (path, parameter) => {
    expect(await api.get(path)).toMatchObject({ status: 400, body: { code: 'bad_parameter', parameter } });
  });
});
