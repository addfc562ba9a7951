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

describe('GET /v1/summary', () => {
  test('sets rated, billed, collected and cost of a tenant side by side, by currency', async () => {
    const { data, totals } = await api.list('/v1/summary', 'finance');
    const usd = (amount: string) => ({ amount, currency: 'USD' });
    const eur = (amount: string) => ({ amount, currency: 'EUR' });
    expect(data).toMatchObject([
      { tenant_id: 'tnt_a', currency: 'EUR', collected: eur('120'), rated: eur('0'), cost: eur('0') },
      {
        tenant_id: 'tnt_a',
        currency: 'USD',
        rated: usd('0.3'),
        cost: usd('0.0561'),
        gross_profit: usd('0.2439'),
        gross_profit_basis: 'rated',
        gross_profit_reason: null,
      },
    ]);
    expect(totals).toMatchObject({ collected: [eur('120'), usd('0')] });
    const [row, other] = data;
    expect(await api.eventsOf(row?.links['events'])).toEqual(ids(23, 22, 21));
    expect(await api.eventsOf(other?.links['events'])).toEqual(ids(13, 12, 11));
    expect(await api.eventsOf(other?.links['cost'])).toEqual(ids(13, 12));
    expect(await api.eventsOf(other?.links['rated'])).toEqual(ids(11));
    expect(await api.eventsOf(row?.links['billed'])).toEqual([]);
  });

  test('of a part of the month leaves out what settled outside of it, and its events', async () => {
    const { data } = await api.list('/v1/summary?from=2026-03-15&currency=EUR');
    expect(data).toMatchObject([{ collected: { amount: '-30', currency: 'EUR' } }]);
    expect(await api.eventsOf(data[0]?.links['collected'])).toEqual(ids(23));
  });

  test('can be read in pages', async () => {
    const first = await api.list('/v1/summary?limit=1');
    const second = await api.list(`/v1/summary?limit=1&cursor=${first.page.next_cursor}`);
    expect([first, second].map(({ data }) => data[0]?.currency)).toEqual(['EUR', 'USD']);
    expect(second.page.next_cursor).toBeNull();
  });
});
