import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noteHistory, uuid } from '../../finance/seed.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const ids = (...positions: number[]) => positions.map(uuid);

describe('GET /v1/margin', () => {
  test('answers in the envelope, and every figure leads to its events', async () => {
    const { data, totals, meta } = await api.list('/v1/margin?tenant_id=tnt_a', 'finance');
    expect(data).toMatchObject([
      {
        tenant_id: 'tnt_a',
        provider: 'retell',
        currency: 'USD',
        revenue: { amount: '0.3', currency: 'USD' },
        revenue_basis: 'rated',
        cogs: { amount: '0.0561', currency: 'USD' },
        cogs_estimated: { amount: '0', currency: 'USD' },
        gross_profit: { amount: '0.2439', currency: 'USD' },
        gross_profit_reason: null,
        gross_margin_pct: '81.3',
        gross_margin_pct_reason: null,
        unpriced_count: 0,
        uncosted_count: 0,
      },
      {
        provider: 'stripe',
        collected: { amount: '120', currency: 'EUR' },
        gross_margin_pct: null,
        gross_margin_pct_reason: 'no_revenue',
      },
    ]);
    expect(totals).toEqual({
      revenue: [
        { amount: '0', currency: 'EUR' },
        { amount: '0.3', currency: 'USD' },
      ],
      cogs: [
        { amount: '0', currency: 'EUR' },
        { amount: '0.0561', currency: 'USD' },
      ],
      cogs_estimated: [
        { amount: '0', currency: 'EUR' },
        { amount: '0', currency: 'USD' },
      ],
      collected: [
        { amount: '120', currency: 'EUR' },
        { amount: '0', currency: 'USD' },
      ],
    });
    expect(meta).toMatchObject({ as_of: { position: '90' }, pending: { unpriced_events: 0, uncosted_events: 0 } });
    expect(await api.eventsOf(data[0]?.links['revenue'])).toEqual(ids(11));
    expect(await api.eventsOf(data[0]?.links['cogs'])).toEqual(ids(13, 12));
    expect(await api.eventsOf(data[1]?.links['collected'])).toEqual(ids(23, 22, 21));
  });

  test('shows usage without price as a row of its own, which leads to it', async () => {
    const { data, meta } = await api.list('/v1/margin?tenant_id=unassigned');
    expect(meta).toMatchObject({ pending: { unpriced_events: 1, uncosted_events: 1, unassigned: 1 } });
    expect(data).toMatchObject([
      { currency: null, revenue: null, gross_profit_reason: 'no_amounts', unpriced_count: 1, uncosted_count: 1 },
    ]);
    expect(await api.eventsOf(data[0]?.links['usage'])).toEqual(ids(51));
  });

  test('can be read in pages that together are the whole', async () => {
    const whole = await api.list('/v1/margin?group_by=tenant_id');
    const first = await api.list('/v1/margin?group_by=tenant_id&limit=1');
    const second = await api.list(`/v1/margin?group_by=tenant_id&limit=500&cursor=${first.page.next_cursor}`);
    expect([...first.data, ...second.data]).toEqual(whole.data);
    expect(second.totals).toEqual(whole.totals);
  });

  test('is for finance, within the bounds of a tenant’s key', async () => {
    expect(await api.get('/v1/margin', 'ops')).toMatchObject({ status: 403 });
    expect((await api.list('/v1/margin', 'finance@tnt_b')).data).toEqual([]);
    expect(await api.get('/v1/margin?basis=cash')).toMatchObject({ status: 400, body: { parameter: 'basis' } });
    expect(await api.get('/v1/margin?basis=booked')).toMatchObject({
      status: 200,
      body: { meta: { basis: 'booked' } },
    });
  });
});

describe('as_of by time', () => {
  test('is the position that the log had reached by then, on every route', async () => {
    await noteHistory(api.database.adminPool, 12, '2026-03-11T00:00:00Z');
    await noteHistory(api.database.adminPool, 90, '2026-03-21T00:00:00Z');
    for (const path of ['usage', 'costs', 'payments', 'summary', 'margin', 'events']) {
      const range = path === 'events' ? '' : '&from=2026-03-01&to=2026-04-01';
      const byTime = await api.list(`/v1/${path}?as_of=2026-03-12T00:00:00Z${range}`);
      expect({ path, as_of: byTime.meta.as_of }).toEqual({
        path,
        as_of: { position: '12', recorded_at: '2026-03-11T00:00:00.000Z' },
      });
      const { data, totals } = await api.list(`/v1/${path}?as_of=12${range}`);
      expect({ path, data, totals }).toEqual({ path, data: byTime.data, totals: byTime.totals });
      expect(await api.get(`/v1/${path}?as_of=2999-01-01T00:00:00Z${range}`)).toMatchObject({
        status: 400,
        body: { parameter: 'as_of' },
      });
    }
    const march = 'from=2026-03-01&to=2026-04-01&tenant_id=tnt_a';
    expect((await api.list(`/v1/margin?as_of=2026-03-12T00:00:00Z&${march}`)).data).toMatchObject([
      { cogs: { amount: '0.0421', currency: 'USD' } },
    ]);
    expect((await api.list(`/v1/margin?as_of=2026-03-22T00:00:00Z&${march}`)).data).toHaveLength(2);
  });
});
