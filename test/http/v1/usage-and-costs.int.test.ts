import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { uuid } from '../../finance/seed.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const ids = (...positions: number[]) => positions.map(uuid);

describe('GET /v1/usage', () => {
  test('answers in the envelope, with what is pending beside the figures', async () => {
    const body = await api.list('/v1/usage?tz=Europe/Berlin&tenant_id=tnt_a', 'finance');
    expect(body).toEqual({
      data: [
        {
          window_start: '2026-03-10T00:00:00+01:00',
          window_end: '2026-03-11T00:00:00+01:00',
          tenant_id: 'tnt_a',
          provider: 'retell',
          meter: 'call_seconds',
          unit: 'second',
          quantity: '120',
          event_count: 1,
          line_count: 1,
          rated: [{ amount: '0.3', currency: 'USD' }],
          rated_allocated: [],
          unpriced_count: 0,
          uncosted_count: 0,
          links: { events: expect.stringMatching(/^\/v1\/events\?figure=usage&mode=live&tenant_id=tnt_a&/) },
        },
      ],
      totals: {
        usage: [{ unit: 'second', quantity: '120' }],
        rated: [{ amount: '0.3', currency: 'USD' }],
        rated_allocated: [],
        event_count: 1,
      },
      meta: {
        from: '2026-03-01T00:00:00+01:00',
        to: '2026-04-01T00:00:00+02:00',
        tz: 'Europe/Berlin',
        window: 'day',
        aggregation: 'sum',
        basis: 'service',
        as_of: { recorded_at: '2026-03-25T12:00:00.000Z', position: '90' },
        projection: { name: 'usage', version: 1, lag_seconds: expect.any(Number) },
        pending: { unpriced_events: 0, uncosted_events: 0, conflicts: 1, unmapped: 1, unassigned: 1 },
        links: { events: expect.stringContaining('/v1/events?figure=usage') },
      },
      page: { next_cursor: null },
    });
  });

  test('groups as asked, over everything when by nothing', async () => {
    const { data } = await api.list('/v1/usage?window=none&group_by=');
    expect(data).toMatchObject([{ tenant_id: null, provider: null, meter: null, unit: 'second', quantity: '165' }]);
    expect(await api.eventsOf(data[0]?.links['events'])).toEqual(ids(51, 11));
  });

  test('as of a position, or the time at which the log had reached it, is what was known then', async () => {
    const early = await api.list('/v1/usage?as_of=50&from=2026-03-01&window=none&group_by=');
    expect(early.data).toMatchObject([{ quantity: '120' }]);
    expect(early.meta.as_of).toMatchObject({ position: '50' });
    const none = await api.list('/v1/usage?as_of=2026-02-01T00:00:00Z&from=2026-03-01&to=2026-04-01');
    expect(none.meta.as_of).toMatchObject({ position: '0' });
    expect(none.data).toEqual([]);
  });
});

describe('GET /v1/usage by an aggregation', () => {
  test.each([
    ['count', '2'],
    ['unique', '2'],
    ['max', '120'],
    // Of two at the same time the one that was told later.
    ['latest', '45'],
    ['time_weighted', '82.5'],
  ])('%s has its quantity in rows and totals, and its name in meta', async (aggregation, quantity) => {
    const range = 'from=2026-03-10T09:00:00Z&to=2026-03-10T11:00:00Z';
    const body = await api.list(`/v1/usage?aggregation=${aggregation}&${range}&window=none&group_by=`);
    expect(body).toMatchObject({
      data: [{ unit: 'second', quantity, event_count: 2, line_count: 2, rated: [{ amount: '0.3', currency: 'USD' }] }],
      totals: { usage: [{ unit: 'second', quantity }], event_count: 2, rated: [{ amount: '0.3', currency: 'USD' }] },
      meta: { aggregation, window: 'none', as_of: { position: '90' } },
    });
    expect(await api.eventsOf(body.data[0]?.links['events'])).toEqual(ids(51, 11));
    expect(await api.eventsOf(body.meta.links['events'])).toEqual(ids(51, 11));
  });

  test('stands where it is asked to, for the tenant that asks', async () => {
    const early = await api.list('/v1/usage?aggregation=unique&as_of=50&from=2026-03-01&window=none&group_by=');
    expect(early).toMatchObject({ data: [{ quantity: '1' }], meta: { as_of: { position: '50' } } });
    const own = await api.list('/v1/usage?aggregation=latest&window=none&group_by=', 'finance@tnt_a');
    expect(own).toMatchObject({
      data: [{ quantity: '120' }],
      totals: { usage: [{ unit: 'second', quantity: '120' }] },
    });
  });

  test('has a row for each day that a level reaches into, with the events that set it, page by page', async () => {
    const path = '/v1/usage?aggregation=time_weighted&from=2026-03-10&to=2026-03-12&group_by=&limit=1';
    const first = await api.list(path);
    expect(first.data).toMatchObject([{ window_start: '2026-03-10T00:00:00Z', quantity: '96.25', event_count: 2 }]);
    const second = await api.list(`${path}&cursor=${first.page.next_cursor}`);
    expect(second.data).toMatchObject([
      { window_start: '2026-03-11T00:00:00Z', quantity: '165', event_count: 0, line_count: 0, rated: [] },
    ]);
    expect(second.page).toEqual({ next_cursor: null });
    expect(second.totals).toEqual(first.totals);
    expect(second.totals).toMatchObject({ usage: [{ unit: 'second', quantity: '130.625' }] });
    expect(await api.eventsOf(second.data[0]?.links['events'])).toEqual(ids(51, 11));
  });

  test('ends a window that is not over at the time of the answer', async () => {
    const { data, meta } = await api.list(
      '/v1/usage?aggregation=time_weighted&from=2026-03-25&to=2026-03-27&group_by=',
    );
    expect(data).toMatchObject([{ window_end: '2026-03-26T00:00:00Z', quantity: '165' }]);
    expect(meta.as_of).toMatchObject({ recorded_at: '2026-03-25T12:00:00.000Z' });
  });
});

describe('GET /v1/costs', () => {
  test('says which component cost what, final by the provider, and leads to its events', async () => {
    const { data, totals, meta } = await api.list('/v1/costs', 'finance');
    expect(data).toMatchObject([
      { component: 'llm', cost: { amount: '0.0421', currency: 'USD' }, cost_status: 'final', quantity: '1' },
      { component: 'tts', cost: { amount: '0.014', currency: 'USD' } },
    ]);
    expect(totals).toEqual({ cost: [{ amount: '0.0561', currency: 'USD' }], estimated: [] });
    expect((await api.list('/v1/costs?cost_status=estimated')).data).toEqual([]);
    expect(await api.eventsOf(data[0]?.links['events'])).toEqual(ids(12));
    expect(await api.eventsOf(meta.links['events'])).toEqual(ids(13, 12));
  });

  test('can be read in pages that together are the whole', async () => {
    const first = await api.list('/v1/costs?limit=1');
    expect(first.data).toMatchObject([{ component: 'llm' }]);
    const second = await api.list(`/v1/costs?limit=1&cursor=${first.page.next_cursor}`);
    expect(second.data).toMatchObject([{ component: 'tts' }]);
    expect(second.page).toEqual({ next_cursor: null });
    expect(second.totals).toEqual(first.totals);
  });
});
