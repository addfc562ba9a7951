import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { insertRows, uuid } from '../../finance/seed.ts';
import { call } from '../../finance/scenario-read-models.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

const LEG = 'call/twilio/AC1/live/CA1';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  const { adminPool } = api.database;
  const shared = { mode: 'live', books: 'platform', unit: 'second', occurred_at: '2026-03-10T09:59:58Z' };
  const leg = { ...shared, provider: 'twilio', tenant_id: 'unassigned', event_id: uuid(61) };
  const fact = {
    ...leg,
    stream_key: LEG,
    call_id: 'CA1',
    account: 'AC1',
    fact_rank: 20,
    provider_time: '2026-03-10T10:05:00Z',
    first_position: 12,
    tenant_since: 12,
  };
  const cost = {
    ...shared,
    fact_key: `${call}#cost/llm`,
    stream_key: call,
    call_id: 'call_7f3e',
    account: 'org_acme',
    tenant_id: 'tnt_a',
  };
  await insertRows(adminPool, 'usage_facts_v1', [
    { ...fact, fact_key: `${LEG}#call_seconds`, kind: 'usage', meter: 'call_seconds', position: 61 },
    { ...fact, ...cost, provider: 'retell', kind: 'cost', meter: 'llm', unit: 'call', position: 12 },
  ]);
  const line = { ...leg, fact_key: `${LEG}#call_seconds`, cause: 'fact', facts: 1, rated: '0', rated_currency: '' };
  const used = { ...line, kind: 'usage', meter: 'call_seconds', quantity: '124', cost: '0', cost_currency: '' };
  await insertRows(adminPool, 'usage_lines_v1', [
    { ...used, position: 61, line_no: 1, unpriced: 1 },
    {
      ...used,
      position: 61,
      line_no: 2,
      kind: 'cost',
      cost: '0.0248',
      cost_currency: 'USD',
      cost_status: 'estimated',
      unpriced: 0,
    },
  ]);
  const link = { stream_key: call, provider: 'twilio', tenant_id: 'tnt_a', mode: 'live', books: 'platform' };
  await insertRows(adminPool, 'call_links_v1', [{ ...link, linked_id: 'CA1', position: 14, event_id: uuid(14) }]);
});
afterAll(() => api.close());

const usd = (amount: string) => ({ amount, currency: 'USD' });

const retellLeg = {
  provider: 'retell',
  account: 'org_acme',
  call_id: 'call_7f3e',
  tenant_id: 'tnt_a',
  seconds: '120',
  costs: [{ component: 'llm', cost_status: 'final', cost: usd('0.0421') }],
  uncosted_count: 0,
  links: { events: `/v1/events?stream=${encodeURIComponent(call)}&position_to=90` },
};

describe('GET /v1/calls', () => {
  test('answers in the envelope: a row for a call and its telephone leg, whose tenant is still unknown', async () => {
    const { data, totals, meta, page } = await api.list('/v1/calls', 'finance');
    expect(data).toEqual([
      {
        tenant_id: 'tnt_a',
        tenant_ids: ['tnt_a', 'unassigned'],
        started_at: '2026-03-10T09:59:58Z',
        cost: [usd('0.0669')],
        cost_estimated: [usd('0.0248')],
        uncosted_count: 0,
        legs: [
          retellLeg,
          {
            provider: 'twilio',
            account: 'AC1',
            call_id: 'CA1',
            tenant_id: 'unassigned',
            seconds: '124',
            costs: [{ component: 'call_seconds', cost_status: 'estimated', cost: usd('0.0248') }],
            uncosted_count: 0,
            links: { events: `/v1/events?stream=${encodeURIComponent(LEG)}&position_to=90` },
          },
        ],
        links: {},
      },
    ]);
    expect(totals).toEqual({ calls: 1, cost: [usd('0.0669')], cost_estimated: [usd('0.0248')] });
    expect(meta).toMatchObject({
      from: '2026-03-01T00:00:00Z',
      to: '2026-04-01T00:00:00Z',
      as_of: { position: '90' },
      pending: { unassigned: 2 },
    });
    expect(page.next_cursor).toBeNull();
    expect(await api.eventsOf(retellLeg.links.events)).toEqual([13, 12, 11].map(uuid));
  });

  test('names a leg whose figures are not for the key of a tenant to see', async () => {
    const { data, totals } = await api.list('/v1/calls', 'finance@tnt_a');
    expect(data).toMatchObject([
      {
        tenant_ids: ['tnt_a'],
        cost: [usd('0.0421')],
        legs: [
          retellLeg,
          { provider: 'twilio', account: null, call_id: 'CA1', tenant_id: null, seconds: null, costs: [] },
        ],
      },
    ]);
    expect(totals).toMatchObject({ cost: [usd('0.0421')] });
    expect((await api.list('/v1/calls', 'finance@tnt_b')).data).toEqual([]);
  });

  test('takes a range, tenants, a mode and a position', async () => {
    const count = async (query: string) => (await api.list(`/v1/calls?${query}`)).data.length;
    expect(await count('from=2026-03-10&to=2026-03-11')).toBe(1);
    expect(await count('from=2026-03-11&to=2026-03-12')).toBe(0);
    expect(await count('tenant_id=unassigned')).toBe(1);
    expect(await count('tenant_id=tnt_b')).toBe(0);
    expect(await count('mode=test')).toBe(0);
    // Before the link the leg was a call by itself; before its figures it was only named.
    expect(await count('from=2026-03-10&as_of=13')).toBe(1);
    expect((await api.list('/v1/calls?from=2026-03-10&as_of=50')).data).toMatchObject([
      { legs: [{}, { call_id: 'CA1', seconds: null }] },
    ]);
    expect(await count('from=2026-03-10&as_of=10')).toBe(0);
  });

  test('goes on from its cursor, at the position of the first page', async () => {
    await api.database.adminPool.query(`delete from hookledger.call_links_v1 where stream_key = $1::text`, [call]);
    const first = await api.list('/v1/calls?limit=1');
    expect(first.data).toMatchObject([{ legs: [{ call_id: 'call_7f3e' }] }]);
    const cursor = first.page.next_cursor ?? '';
    const second = await api.list(`/v1/calls?limit=1&cursor=${cursor}`);
    expect(second.data).toMatchObject([{ tenant_id: 'unassigned', legs: [{ call_id: 'CA1' }] }]);
    expect(second.page.next_cursor).toBeNull();
    expect(second.totals).toEqual(first.totals);
    expect((await api.get(`/v1/costs?cursor=${cursor}`)).status).toBe(400);
  });

  test('is for finance and admins', async () => {
    expect((await api.get('/v1/calls', '')).status).toBe(401);
    for (const key of ['engineer', 'ops']) expect((await api.get('/v1/calls', key)).status).toBe(403);
    for (const key of ['finance', 'admin']) expect((await api.get('/v1/calls', key)).status).toBe(200);
  });
});
