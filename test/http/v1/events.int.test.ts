import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { webhooks } from '../../finance/scenario.ts';
import { uuid } from '../../finance/seed.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const ids = (...positions: number[]) => positions.map(uuid);

describe('GET /v1/events', () => {
  test.each([
    ['type=RefundReported,PaymentFailed', [31, 23]],
    ['tenant_id=tnt_b', [33, 31]],
    ['stream=payment/stripe/acct_acme/live/pi_3PxQ&sort=position', [21, 22, 23]],
    ['kind=cost&meter=tts', [13]],
    ['provider=stripe&currency=EUR', [31, 23, 22, 21]],
    [`webhook_id=${webhooks.call}`, [13, 12, 11]],
    ['occurred_from=2026-03-20T00:00:00Z', [23]],
    ['occurred_to=2026-03-10T10:00:00.001Z&mode=live&position_from=12&position_to=50', [13, 12]],
    ['as_of=21&position_from=13', [21, 13]],
    ['mode=test', []],
  ])('filters by %s', async (query, positions) => {
    expect(await api.eventsOf(`/v1/events?${query}`)).toEqual(ids(...positions));
  });

  test('pages through the log without gap or repetition, in both directions', async () => {
    for (const sort of ['position', '-position']) {
      const seen: (string | undefined)[] = [];
      let cursor = '';
      do {
        const { data, page } = await api.list(`/v1/events?limit=2&sort=${sort}${cursor}`);
        seen.push(...data.map((event) => event.event_id));
        cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
      } while (cursor !== '');
      const all = ids(11, 12, 13, 21, 22, 23, 31, 33, 51, 91);
      expect(seen).toEqual(sort === 'position' ? all : all.toReversed());
    }
  });

  test('holds nothing above the high-water mark', async () => {
    await api.database.adminPool.query('update hookledger.high_water_mark set position = 50');
    const { data } = await api.list('/v1/events?limit=1');
    await api.database.adminPool.query('update hookledger.high_water_mark set position = 95');
    expect(data[0]?.event_id).toBe(uuid(33));
  });

  test('of one id shows the fact, the line that it caused and where it leads', async () => {
    const data = await api.one(`/v1/events/${uuid(12)}`, 'finance');
    expect(data).toMatchObject({
      type: 'CallCostReported',
      fact: { kind: 'cost', meter: 'llm', amount: { amount: '0.0421', currency: 'USD' } },
      lines: { usage: [{ meter: 'llm', cost: { amount: '0.0421', currency: 'USD' } }], payments: [], invoices: [] },
      links: { webhook: `/v1/webhooks/${webhooks.call}`, cause: null },
    });
    const notification = await api.one(`/v1/events/${uuid(33)}`);
    expect(notification.links['cause']).toBe(`/v1/events/${uuid(31)}`);
    expect(await api.eventsOf(notification.links['correlation'])).toEqual(ids(33, 31));
    expect(await api.eventsOf(data.links['stream'])).toEqual(ids(13, 12, 11));
  });
});
