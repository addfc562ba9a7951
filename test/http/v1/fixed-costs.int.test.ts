import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { appendRows, insertRows, uuid } from '../../finance/seed.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  const { adminPool } = api.database;
  await appendRows(adminPool, { events: [61, 62, 63, 64, 65].map(administrative) });
  const march = { period_from: '2026-03-01T00:00:00Z', period_to: '2026-04-01T00:00:00Z', entered_by: 'ada' };
  const numbers = { provider: 'retell', category: 'purchase', component: 'numbers', currency: 'USD', ...march };
  await insertRows(adminPool, 'provider_costs', [
    { ...numbers, position: 61, cost_id: 'k1', amount: '0.31', allocation: { key: 'direct', tenantId: 'tnt_a' } },
    { ...numbers, position: 62, cost_id: 'k2', amount: '5', allocation: { key: 'direct', tenantId: 'tnt_a' } },
    { ...numbers, position: 63, cost_id: 'k3', amount: '7', allocation: { key: 'equal' }, category: 'tax' },
  ]);
  await insertRows(adminPool, 'provider_cost_voids', [
    { position: 64, cost_id: 'k2', reason: 'twice', voided_by: 'ada' },
    { position: 65, cost_id: 'k3', reason: 'none', voided_by: 'ada' },
  ]);
  await insertRows(adminPool, 'fx_rates', [
    { position: 66, base: 'USD', quote: 'EUR', rate: '0.9', date: '2026-03-30', source: 'ECB' },
  ]);
});
afterAll(() => api.close());

function administrative(position: number) {
  const key = `provider-cost///live/k${position}`;
  return {
    position,
    type: position < 64 ? 'ProviderCostEntered' : 'ProviderCostVoided',
    stream_key: key,
    stream_kind: 'provider-cost',
    provider: null,
    account: null,
    source_id: null,
    external_id: `k${position}`,
    tenant_id: 'unassigned',
  };
}

const ids = (...positions: number[]) => positions.map(uuid);
const MARCH = 'from=2026-03-01&to=2026-04-01';

describe('fixed costs in /v1/costs', () => {
  test('have rows of their own, by category, which lead to what entered and voided them', async () => {
    const { data, totals, meta } = await api.list(`/v1/costs?${MARCH}&window=none&tenant_id=tnt_a`);
    expect(data).toMatchObject([
      { component: 'llm', category: 'usage', cost: { amount: '0.0421', currency: 'USD' } },
      {
        component: 'numbers',
        category: 'purchase',
        cost_status: 'final',
        unit: null,
        quantity: null,
        cost: { amount: '0.31', currency: 'USD' },
        event_count: 1,
      },
      { component: 'tts', category: 'usage' },
    ]);
    expect(totals).toEqual({ cost: [{ amount: '0.3661', currency: 'USD' }], estimated: [] });
    expect(meta).toMatchObject({ includes_fixed_costs: true });
    expect(await api.eventsOf(data[0]?.links['events'])).toEqual(ids(12));
    expect(await api.eventsOf(data[1]?.links['events'])).toEqual(ids(64, 62, 61));
    expect(await api.eventsOf(meta.links['events'])).toEqual(ids(65, 64, 63, 62, 61, 13, 12));
    const early = await api.list(`/v1/costs?${MARCH}&window=none&category=purchase,tax&as_of=63`);
    expect(early.data).toMatchObject([{ cost: { amount: '5.31' } }, { cost: { amount: '7' } }]);
    expect(await api.eventsOf(early.data[0]?.links['events'])).toEqual(ids(62, 61));
  });

  test('have a row a day, read in pages that together are the whole', async () => {
    const path = `/v1/costs?${MARCH}&category=purchase`;
    const whole = await api.list(`${path}&limit=100`);
    expect(whole.data).toHaveLength(31);
    const first = await api.list(`${path}&limit=20`);
    const second = await api.list(`${path}&limit=20&cursor=${first.page.next_cursor}`);
    expect([...first.data, ...second.data]).toEqual(whole.data);
  });

  test('are not shown to the key of a tenant, which is told so', async () => {
    const { data, meta } = await api.list(`/v1/costs?${MARCH}&window=none`, 'finance@tnt_a');
    expect(data.map(({ component }) => component)).toEqual(['llm', 'tts']);
    expect(meta).toMatchObject({ includes_fixed_costs: false });
    expect(await api.get('/v1/provider-costs', 'finance@tnt_a')).toMatchObject({ status: 403 });
    expect((await api.list('/v1/provider-costs')).data).toMatchObject([{ cost_id: 'k1' }]);
  });

  test('can be had as CSV, and so can margin and summary', async () => {
    const { text: costs } = await api.text(`/v1/costs?${MARCH}&window=none&format=csv&category=purchase`);
    expect(costs).toBe(
      'window_start,window_end,tenant_id,provider,component,unit,quantity,cost,cost_currency,cost_status,category,' +
        'event_count,line_count\r\n' +
        '2026-03-01T00:00:00Z,2026-04-01T00:00:00Z,tnt_a,retell,numbers,,,0.31,USD,final,purchase,1,1\r\n',
    );
    const { text: margin } = await api.text(`/v1/margin?${MARCH}&format=csv&provider=retell&tenant_id=tnt_a`);
    expect(margin.split('\r\n')[1]).toMatch(/^tnt_a,retell,USD,0\.3,USD,rated,0\.3661,USD,0,USD,-0\.0661,USD,/);
    const { text: summary } = await api.text(`/v1/summary?${MARCH}&format=csv&currency=USD&tenant_id=tnt_a`);
    expect(summary.split('\r\n')[0]).toMatch(/^tenant_id,currency,rated,rated_currency,billed,/);
    expect(summary.split('\r\n')[1]).toMatch(/^tnt_a,USD,0\.3,USD,/);
  });

  test.each([
    [`/v1/costs?${MARCH}&category=gift`, 'category'],
    ['/v1/events?category=tax', 'category'],
    [
      `/v1/events?figure=cost&occurred_from=2026-03-01T00:00:00Z&occurred_to=2026-04-01T00:00:00Z&category=gift`,
      'category',
    ],
    [`/v1/margin?${MARCH}&reporting_currency=euro`, 'reporting_currency'],
    [`/v1/margin?${MARCH}&revenue=booked`, 'revenue'],
    ['/v1/fx-rates?base=1', 'base'],
    ['/v1/provider-costs?voided=maybe', 'voided'],
  ])('%s is a problem that names %s', async (path, parameter) => {
    expect((await api.get(path)).body).toMatchObject({ status: 400, code: 'bad_parameter', parameter });
  });
});

describe('a reporting currency', () => {
  test('adds columns by a dated rate, and totals in it alone', async () => {
    const { data, totals, meta } = await api.list(`/v1/margin?${MARCH}&tenant_id=tnt_a&reporting_currency=EUR`);
    expect(data).toMatchObject([
      {
        provider: 'retell',
        currency: 'USD',
        revenue: { amount: '0.3', currency: 'USD' },
        reporting_revenue: { amount: '0.27', currency: 'EUR' },
        reporting_cogs: { amount: '0.32949', currency: 'EUR' },
        reporting_gross_profit: { amount: '-0.05949', currency: 'EUR' },
        reporting_gross_margin_pct: '-22.03',
        reporting_reason: null,
        fx_missing: null,
      },
      { provider: 'stripe', currency: 'EUR', reporting_revenue: { amount: '0', currency: 'EUR' } },
    ]);
    expect(totals).toMatchObject({
      revenue: [{ currency: 'EUR' }, { currency: 'USD' }],
      reporting_revenue: { amount: '0.27', currency: 'EUR' },
      reporting_cogs: { amount: '0.32949', currency: 'EUR' },
      reporting_gross_profit: { amount: '-0.05949', currency: 'EUR' },
    });
    expect(meta).toMatchObject({
      fx: {
        reporting_currency: 'EUR',
        day: '2026-03-31',
        rates: [
          { base: 'EUR', quote: 'EUR', fx_rate: '1', fx_date: '2026-03-31', fx_source: 'identity' },
          { base: 'USD', quote: 'EUR', fx_rate: '0.9', fx_date: '2026-03-30', fx_source: 'ECB' },
        ],
        missing: [],
      },
    });
  });

  test('without a rate is null, and the pair and its day are named', async () => {
    const { data, totals, meta } = await api.list(`/v1/margin?${MARCH}&provider=retell&reporting_currency=GBP`);
    expect(data[0]).toMatchObject({
      reporting_revenue: null,
      reporting_gross_profit: null,
      reporting_gross_margin_pct: null,
      reporting_reason: 'fx_missing',
      fx_missing: ['USD/GBP on 2026-03-31'],
    });
    expect(totals).toMatchObject({ reporting_revenue: null, reporting_cogs: null, reporting_gross_profit: null });
    expect(meta).toMatchObject({
      fx: { missing: [{ base: 'USD', quote: 'GBP', day: '2026-03-31', reason: 'fx_missing' }] },
    });
    const summary = await api.list(`/v1/summary?${MARCH}&reporting_currency=GBP&currency=USD&tenant_id=tnt_a`);
    expect(summary.data).toMatchObject([{ reporting_rated: null, fx_missing: ['USD/GBP on 2026-03-31'] }]);
    expect(summary.totals).toMatchObject({ reporting_rated: null, reporting_gross_profit: null });
    const inEuro = await api.list(`/v1/summary?${MARCH}&reporting_currency=EUR&tenant_id=tnt_a`);
    expect(inEuro.totals).toMatchObject({ reporting_gross_profit: { amount: '-0.05949', currency: 'EUR' } });
  });

  test('of a range that is not over takes the day at which the log had reached the position', async () => {
    const { meta } = await api.list('/v1/summary?from=2026-03-01&to=2030-01-01&reporting_currency=EUR&as_of=70');
    expect(meta).toMatchObject({ fx: { day: '2026-04-01', rates: [{}, { fx_date: '2026-03-30' }] } });
  });
});
