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

describe('GET /v1/payments', () => {
  test('lists each payment once, the one that changed last first', async () => {
    const { data, totals } = await api.list('/v1/payments', 'finance');
    expect(data).toMatchObject([
      { payment_id: 'pi_3PxR', status: 'failed', net: { amount: '0', currency: 'EUR' }, failure_code: 'card_declined' },
      {
        payment_id: 'pi_3PxQ',
        status: 'partially_refunded',
        gross: { amount: '150', currency: 'EUR' },
        refunded: { amount: '30', currency: 'EUR' },
        net: { amount: '120', currency: 'EUR' },
        settled_at: '2026-03-10T11:00:00Z',
        invoice_ids: ['in_1'],
      },
    ]);
    expect(totals).toEqual({
      gross: [{ amount: '150', currency: 'EUR' }],
      refunded: [{ amount: '30', currency: 'EUR' }],
      net: [{ amount: '120', currency: 'EUR' }],
    });
    expect(await api.eventsOf(data[1]?.links['events'])).toEqual(ids(23, 22, 21));
  });

  test('as of a position shows a payment as it stood', async () => {
    const { data } = await api.list('/v1/payments?as_of=22');
    expect(data).toMatchObject([{ payment_id: 'pi_3PxQ', status: 'succeeded', position: '21' }]);
    expect(await api.eventsOf(data[0]?.links['events'])).toEqual(ids(21));
  });

  test('filters by settlement, status and provider', async () => {
    const paymentIds = async (query: string) =>
      (await api.list(`/v1/payments?${query}`)).data.map((row) => row.payment_id);
    expect(await paymentIds('from=2026-03-10&to=2026-03-11')).toEqual(['pi_3PxQ']);
    expect(await paymentIds('from=2026-03-11')).toEqual([]);
    expect(await paymentIds('to=2026-03-11')).toEqual(['pi_3PxQ']);
    expect(await paymentIds('status=failed,pending')).toEqual(['pi_3PxR']);
    expect(await paymentIds('provider=paddle')).toEqual([]);
    expect(await paymentIds('mode=test')).toEqual([]);
  });

  test('can be read in pages of one answer, even when a payment changes meanwhile', async () => {
    const first = await api.list('/v1/payments?limit=1');
    await api.database.adminPool.query('update hookledger.projection_checkpoints set position = 93');
    await api.database.adminPool.query(
      `insert into hookledger.payments_v1
       select (p).* from (select jsonb_populate_record(r, '{"position": 92, "status": "refunded"}') as p
         from hookledger.payments_v1 r where r.position = 23) x`,
    );
    const second = await api.list(`/v1/payments?limit=1&cursor=${first.page.next_cursor}`);
    expect(second.data).toMatchObject([{ payment_id: 'pi_3PxQ', status: 'partially_refunded' }]);
    expect(second.meta.as_of).toEqual(first.meta.as_of);
    await api.database.adminPool.query('delete from hookledger.payments_v1 where position = 92');
    await api.database.adminPool.query('update hookledger.projection_checkpoints set position = 90');
  });

  test('is CSV and NDJSON, too', async () => {
    const csv = await api.text('/v1/payments?format=csv&status=partially_refunded');
    expect(csv.text.split('\r\n').slice(0, 2)).toEqual([
      'payment_id,tenant_id,provider,account,status,gross,gross_currency,refunded,refunded_currency,net,net_currency,' +
        'disputed,disputed_currency,fees,fees_currency,net_cash,net_cash_currency,currency,customer_id,invoice_ids,' +
        'settled_at,failed_attempts,failure_code,differing_reports,position',
      'pi_3PxQ,tnt_a,stripe,acct_acme,partially_refunded,150,EUR,30,EUR,120,EUR,0,EUR,0,EUR,,,EUR,cus_1,in_1,' +
        '2026-03-10T11:00:00Z,0,,0,23',
    ]);
    const ndjson = await api.text('/v1/payments?format=ndjson&status=failed');
    expect(JSON.parse(ndjson.text)).toMatchObject({ payment_id: 'pi_3PxR', position: '31', failed_attempts: 1 });
  });
});
