import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { setScenario, webhooks } from '../../finance/scenario.ts';
import { uuid } from '../../finance/seed.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let database: TestDatabase;
let api: Api;
beforeAll(async () => {
  database = await createTestDatabase();
  await setScenario(database.adminPool);
  api = await startApi(database.pool);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

async function idsBehind(link: string, key?: string): Promise<string[]> {
  const { status, body } = await api.get(link, key);
  expect(status).toBe(200);
  return body['data'].map((event: { event_id: string }) => event.event_id);
}

const ids = (...positions: number[]) => positions.map(uuid);

describe('keys', () => {
  test.each(['/v1/usage', '/v1/costs', '/v1/payments', '/v1/summary', '/v1/events', `/v1/webhooks/${webhooks.call}`])(
    '%s asks for one',
    async (path) => {
      expect((await api.get(path, '')).status).toBe(401);
      expect((await api.get(path, 'nobody')).status).toBe(401);
    },
  );

  test('of engineers and operators read the log and no money', async () => {
    for (const key of ['engineer', 'ops']) {
      expect((await api.get('/v1/usage', key)).status).toBe(403);
      expect((await api.get('/v1/costs', key)).status).toBe(403);
      expect((await api.get('/v1/payments', key)).status).toBe(403);
      expect((await api.get('/v1/summary', key)).status).toBe(403);
      expect((await api.get('/v1/events', key)).status).toBe(200);
    }
    expect((await api.get('/v1/usage', 'finance')).status).toBe(200);
  });

  test('of a tenant see its own rows only, and 404 for ids of others', async () => {
    const usage = await api.get('/v1/usage', 'finance@tnt_b');
    expect(usage.body['data']).toEqual([]);
    const own = await api.get('/v1/usage', 'finance@tnt_a');
    expect(own.body['data']).toHaveLength(1);
    expect(own.body['meta'].pending.unassigned).toBe(0);
    const forced = await api.get('/v1/usage?tenant_id=tnt_a', 'finance@tnt_b');
    expect(forced.body['data']).toEqual([]);
    const events = await api.get('/v1/events', 'engineer@tnt_b');
    expect(events.body['data'].map((event: { tenant_id: string }) => event.tenant_id)).toEqual(['tnt_b', 'tnt_b']);
    expect((await api.get(`/v1/events/${uuid(11)}`, 'engineer@tnt_b')).status).toBe(404);
    expect((await api.get(`/v1/webhooks/${webhooks.call}`, 'engineer@tnt_b')).status).toBe(404);
    expect((await api.get('/v1/webhooks/evt_1PxQ', 'engineer@tnt_b')).status).toBe(404);
    expect((await api.get(`/v1/webhooks/${webhooks.call}`, 'engineer@tnt_a')).status).toBe(200);
  });

  test('show personal data and raw bodies to engineers and admins of the platform alone', async () => {
    for (const key of ['engineer', 'admin']) {
      expect((await api.get(`/v1/events/${uuid(11)}`, key)).body['data'].personal).toEqual({
        summary: 'Ada asked for an appointment.',
      });
      const { body } = await api.get(`/v1/webhooks/${webhooks.call}`, key);
      expect(Buffer.from(body['data'].request.body_base64, 'base64').toString()).toContain('ada@example.com');
    }
    for (const key of ['finance', 'ops', 'engineer@tnt_a', 'admin@tnt_a', 'finance@tnt_a']) {
      const event = JSON.stringify((await api.get(`/v1/events/${uuid(11)}`, key)).body);
      const story = JSON.stringify((await api.get(`/v1/webhooks/${webhooks.call}`, key)).body);
      expect(event).not.toContain('appointment');
      expect(story).not.toContain('body_base64');
      expect(story).not.toContain('very-secret');
    }
  });
});

describe('bad parameters', () => {
  test.each([
    ['/v1/usage?window=decade', 'window'],
    ['/v1/usage?windows=day', 'windows'],
    ['/v1/usage?tz=Mars/Olympus', 'tz'],
    ['/v1/usage?tz=FOO%2B3', 'tz'],
    ['/v1/usage?from=yesterday', 'from'],
    ['/v1/usage?from=2026-02-30', 'from'],
    ['/v1/usage?from=2026-03-02&to=2026-03-01', 'to'],
    ['/v1/usage?from=2000-01-01&to=2026-01-01&window=hour', 'window'],
    ['/v1/usage?mode=both', 'mode'],
    ['/v1/usage?limit=0', 'limit'],
    ['/v1/usage?limit=1001', 'limit'],
    ['/v1/usage?limit=ten', 'limit'],
    ['/v1/usage?cursor=nonsense', 'cursor'],
    ['/v1/usage?as_of=91', 'as_of'],
    ['/v1/usage?as_of=2026-03-25T12:00:01Z', 'as_of'],
    ['/v1/usage?as_of=now', 'as_of'],
    ['/v1/usage?group_by=colour', 'group_by'],
    ['/v1/usage?tenant_id=a%00b', 'tenant_id'],
    ['/v1/usage?tz=UTC&tz=UTC', 'tz'],
    ['/v1/costs?currency=euro', 'currency'],
    ['/v1/payments?status=lost', 'status'],
    ['/v1/summary?window=day', 'window'],
    ['/v1/events?webhook_id=1', 'webhook_id'],
    ['/v1/events?kind=rumour', 'kind'],
    ['/v1/events?sort=amount', 'sort'],
    ['/v1/events?figure=usage', 'occurred_from'],
    ['/v1/events?figure=usage&type=CallEnded', 'type'],
    ['/v1/events?unit=second', 'unit'],
    ['/v1/events?position_from=-1', 'position_from'],
  ])('%s is a problem that names %s', async (path, parameter) => {
    const { status, body } = await api.get(path);
    expect(body).toMatchObject({ status: 400, code: 'bad_parameter', parameter });
    expect(body['detail']).toMatch(new RegExp(`^${parameter}: `));
    expect(status).toBe(400);
  });

  test('a cursor of one route is none of another', async () => {
    const { body } = await api.get('/v1/events?limit=1');
    const { next_cursor: cursor } = body['page'];
    expect((await api.get(`/v1/events?limit=1&cursor=${cursor}`)).status).toBe(200);
    expect((await api.get(`/v1/payments?limit=1&cursor=${cursor}`)).body['parameter']).toBe('cursor');
  });

  test('an id that is none is not found', async () => {
    expect((await api.get('/v1/events/12')).status).toBe(404);
    expect((await api.get(`/v1/events/${uuid(77)}`)).status).toBe(404);
    expect((await api.get('/v1/webhooks/evt_nobody')).status).toBe(404);
    expect((await api.get('/v1/webhooks/%00')).status).toBe(404);
  });
});

describe('GET /v1/usage', () => {
  test('answers in the envelope, with what is pending beside the figures', async () => {
    const { body } = await api.get('/v1/usage?tz=Europe/Berlin&tenant_id=tnt_a', 'finance');
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
          unpriced_count: 0,
          links: { events: expect.stringMatching(/^\/v1\/events\?figure=usage&mode=live&tenant_id=tnt_a&/) },
        },
      ],
      totals: {
        usage: [{ unit: 'second', quantity: '120' }],
        rated: [{ amount: '0.3', currency: 'USD' }],
        event_count: 1,
      },
      meta: {
        from: '2026-03-01T00:00:00+01:00',
        to: '2026-04-01T00:00:00+02:00',
        tz: 'Europe/Berlin',
        window: 'day',
        basis: 'service',
        as_of: { recorded_at: '2026-03-25T12:00:00.000Z', position: '90' },
        projection: { name: 'usage', version: 1, lag_seconds: expect.any(Number) },
        pending: { unpriced_events: 0, conflicts: 1, unmapped: 1, unassigned: 1 },
        links: { events: expect.stringContaining('/v1/events?figure=usage') },
      },
      page: { next_cursor: null },
    });
  });

  test('groups as asked, over everything when by nothing', async () => {
    const { body } = await api.get('/v1/usage?window=none&group_by=');
    expect(body['data']).toMatchObject([
      { tenant_id: null, provider: null, meter: null, unit: 'second', quantity: '165' },
    ]);
    expect(await idsBehind(body['data'][0].links.events)).toEqual(ids(51, 11));
  });

  test('as of a position, or the time at which the log had reached it, is what was known then', async () => {
    const early = await api.get('/v1/usage?as_of=50&from=2026-03-01&window=none&group_by=');
    expect(early.body['data']).toMatchObject([{ quantity: '120' }]);
    expect(early.body['meta'].as_of.position).toBe('50');
    const none = await api.get('/v1/usage?as_of=2026-02-01T00:00:00Z&from=2026-03-01&to=2026-04-01');
    expect(none.body['meta'].as_of).toMatchObject({ position: '0' });
    expect(none.body['data']).toEqual([]);
  });
});

describe('GET /v1/costs', () => {
  test('says which component cost what, final by the provider, and leads to its events', async () => {
    const { body } = await api.get('/v1/costs', 'finance');
    expect(body['data']).toMatchObject([
      { component: 'llm', cost: { amount: '0.0421', currency: 'USD' }, cost_status: 'final', quantity: '1' },
      { component: 'tts', cost: { amount: '0.014', currency: 'USD' } },
    ]);
    expect(body['totals']).toEqual({ cost: [{ amount: '0.0561', currency: 'USD' }] });
    expect(await idsBehind(body['data'][0].links.events)).toEqual(ids(12));
    expect(await idsBehind(body['meta'].links.events)).toEqual(ids(13, 12));
  });

  test('can be read in pages that together are the whole', async () => {
    const first = await api.get('/v1/costs?limit=1');
    expect(first.body['data']).toMatchObject([{ component: 'llm' }]);
    const second = await api.get(`/v1/costs?limit=1&cursor=${first.body['page'].next_cursor}`);
    expect(second.body['data']).toMatchObject([{ component: 'tts' }]);
    expect(second.body['page']).toEqual({ next_cursor: null });
    expect(second.body['totals']).toEqual(first.body['totals']);
  });
});

describe('GET /v1/payments', () => {
  test('lists each payment once, the one that changed last first', async () => {
    const { body } = await api.get('/v1/payments', 'finance');
    expect(body['data']).toMatchObject([
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
    expect(body['totals']).toEqual({
      gross: [{ amount: '150', currency: 'EUR' }],
      refunded: [{ amount: '30', currency: 'EUR' }],
      net: [{ amount: '120', currency: 'EUR' }],
    });
    expect(await idsBehind(body['data'][1].links.events)).toEqual(ids(23, 22, 21));
  });

  test('as of a position shows a payment as it stood', async () => {
    const { body } = await api.get('/v1/payments?as_of=22');
    expect(body['data']).toMatchObject([{ payment_id: 'pi_3PxQ', status: 'succeeded', position: '21' }]);
    expect(await idsBehind(body['data'][0].links.events)).toEqual(ids(21));
  });

  test('filters by settlement, status and provider', async () => {
    const paymentIds = async (query: string) =>
      (await api.get(`/v1/payments?${query}`)).body['data'].map((row: { payment_id: string }) => row.payment_id);
    expect(await paymentIds('from=2026-03-10&to=2026-03-11')).toEqual(['pi_3PxQ']);
    expect(await paymentIds('from=2026-03-11')).toEqual([]);
    expect(await paymentIds('to=2026-03-11')).toEqual(['pi_3PxQ']);
    expect(await paymentIds('status=failed,pending')).toEqual(['pi_3PxR']);
    expect(await paymentIds('provider=paddle')).toEqual([]);
    expect(await paymentIds('mode=test')).toEqual([]);
  });

  test('can be read in pages of one answer, even when a payment changes meanwhile', async () => {
    const first = await api.get('/v1/payments?limit=1');
    await database.adminPool.query('update hookledger.projection_checkpoints set position = 93');
    await database.adminPool.query(
      `insert into hookledger.payments_v1
       select (p).* from (select jsonb_populate_record(r, '{"position": 92, "status": "refunded"}') as p
         from hookledger.payments_v1 r where r.position = 23) x`,
    );
    const second = await api.get(`/v1/payments?limit=1&cursor=${first.body['page'].next_cursor}`);
    expect(second.body['data']).toMatchObject([{ payment_id: 'pi_3PxQ', status: 'partially_refunded' }]);
    expect(second.body['meta'].as_of).toEqual(first.body['meta'].as_of);
    await database.adminPool.query('delete from hookledger.payments_v1 where position = 92');
    await database.adminPool.query('update hookledger.projection_checkpoints set position = 90');
  });
});

describe('GET /v1/summary', () => {
  test('sets rated, billed, collected and cost of a tenant side by side, by currency', async () => {
    const { body } = await api.get('/v1/summary', 'finance');
    const usd = (amount: string) => ({ amount, currency: 'USD' });
    const eur = (amount: string) => ({ amount, currency: 'EUR' });
    expect(body['data']).toMatchObject([
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
    expect(body['totals'].collected).toEqual([eur('120'), usd('0')]);
    const [row, other] = body['data'];
    expect(await idsBehind(row.links.events)).toEqual(ids(23, 22, 21));
    expect(await idsBehind(other.links.events)).toEqual(ids(13, 12, 11));
    expect(await idsBehind(other.links.cost)).toEqual(ids(13, 12));
    expect(await idsBehind(other.links.rated)).toEqual(ids(11));
    expect(await idsBehind(row.links.billed)).toEqual([]);
  });

  test('of a part of the month leaves out what settled outside of it, and its events', async () => {
    const { body } = await api.get('/v1/summary?from=2026-03-15&currency=EUR');
    expect(body['data']).toMatchObject([{ collected: { amount: '-30', currency: 'EUR' } }]);
    expect(await idsBehind(body['data'][0].links.collected)).toEqual(ids(23));
  });

  test('can be read in pages', async () => {
    const first = await api.get('/v1/summary?limit=1');
    const second = await api.get(`/v1/summary?limit=1&cursor=${first.body['page'].next_cursor}`);
    expect([first, second].map(({ body }) => body['data'][0].currency)).toEqual(['EUR', 'USD']);
    expect(second.body['page'].next_cursor).toBeNull();
  });
});

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
    expect(await idsBehind(`/v1/events?${query}`)).toEqual(ids(...positions));
  });

  test('pages through the log without gap or repetition, in both directions', async () => {
    for (const sort of ['position', '-position']) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const { body } = await api.get(`/v1/events?limit=2&sort=${sort}${cursor}`);
        seen.push(...body['data'].map((event: { event_id: string }) => event.event_id));
        cursor = body['page'].next_cursor === null ? '' : `&cursor=${body['page'].next_cursor}`;
      } while (cursor !== '');
      const all = ids(11, 12, 13, 21, 22, 23, 31, 33, 51, 91);
      expect(seen).toEqual(sort === 'position' ? all : all.toReversed());
    }
  });

  test('holds nothing above the high-water mark', async () => {
    await database.adminPool.query('update hookledger.high_water_mark set position = 50');
    const { body } = await api.get('/v1/events?limit=1');
    await database.adminPool.query('update hookledger.high_water_mark set position = 95');
    expect(body['data'][0].event_id).toBe(uuid(33));
  });

  test('of one id shows the fact, the line that it caused and where it leads', async () => {
    const { body } = await api.get(`/v1/events/${uuid(12)}`, 'finance');
    expect(body['data']).toMatchObject({
      type: 'CallCostReported',
      fact: { kind: 'cost', meter: 'llm', amount: { amount: '0.0421', currency: 'USD' } },
      lines: { usage: [{ meter: 'llm', cost: { amount: '0.0421', currency: 'USD' } }], payments: [], invoices: [] },
      links: { webhook: `/v1/webhooks/${webhooks.call}`, cause: null },
    });
    const notification = await api.get(`/v1/events/${uuid(33)}`);
    expect(notification.body['data'].links.cause).toBe(`/v1/events/${uuid(31)}`);
    expect(await idsBehind(notification.body['data'].links.correlation)).toEqual(ids(33, 31));
    expect(await idsBehind(body['data'].links.stream)).toEqual(ids(13, 12, 11));
  });
});

describe('GET /v1/webhooks/:id', () => {
  test("tells the story by our id and by the provider's, the first that counted before one in conflict", async () => {
    const ours = await api.get(`/v1/webhooks/${webhooks.payment}`, 'ops');
    expect(ours.body['data']).toMatchObject({
      id: webhooks.payment,
      status: 'accepted',
      signature: 'verified',
      provider_event_id: 'evt_1PxQ',
      request: {
        method: 'POST',
        path: '/webhooks/stripe/src_stripe',
        header_names: ['content-type', 'x-signature'],
      },
      duplicates: 0,
      conflicts: [{ webhook_id: webhooks.conflict, resolved_position: null }],
      events: [{ event_id: uuid(21), type: 'PaymentSucceeded' }],
      lines: { payments: [{ kind: 'payment', amount: { amount: '150', currency: 'EUR' } }] },
      figures: [{ figure: 'collected', day: '2026-03-10', amount: { amount: '150', currency: 'EUR' } }],
    });
    const theirs = await api.get('/v1/webhooks/evt_1PxQ', 'ops');
    expect(theirs.body).toEqual(ours.body);
    const slashed = await api.get(`/v1/webhooks/${encodeURIComponent('call_analyzed/call_7f3e')}`, 'ops');
    expect(slashed.body['data']).toMatchObject({ id: webhooks.call, duplicates: 2 });
  });

  test('follows the work that events led to, to its attempts and its end', async () => {
    const { body } = await api.get(`/v1/webhooks/${webhooks.failedPayment}`, 'ops');
    expect(body['data'].events.map((event: { type: string }) => event.type)).toEqual([
      'PaymentFailed',
      'NotificationRequested',
    ]);
    expect(body['data'].jobs).toMatchObject([
      { queue: 'ingress-events', published: true, outcome: 'done', attempts: [{ attempt: 1, outcome: 'done' }] },
      {
        queue: 'notifications',
        published: true,
        outcome: 'dead',
        dead_letter: { cause: 'attempts-exhausted' },
        attempts: [{ outcome: 'retry' }, { outcome: 'retry' }, { outcome: 'dead' }],
      },
    ]);
    const fresh = await api.get(`/v1/webhooks/${webhooks.fresh}`, 'ops');
    expect(fresh.body['data'].jobs).toMatchObject([
      { published: false, outcome: null, attempts: [] },
      { published: false, outcome: null, attempts: [] },
    ]);
  });

  test('leads to answers that hold the figures', async () => {
    const { body } = await api.get(`/v1/webhooks/${webhooks.call}`, 'finance');
    const { figures } = body['data'];
    expect(figures.map(({ figure }: { figure: string }) => figure)).toEqual(['usage', 'cost', 'cost']);
    const usage = await api.get(figures[0].links.figure);
    expect(usage.body['data']).toMatchObject([{ quantity: figures[0].quantity }]);
    const cost = await api.get(figures[1].links.figure);
    expect(cost.body['data']).toMatchObject([{ cost: figures[1].amount }]);
  });

  test('is shorter for a tenant: no request, no machinery', async () => {
    const { body } = await api.get(`/v1/webhooks/${webhooks.call}`, 'finance@tnt_a');
    expect(body['data']).toMatchObject({ id: webhooks.call, events: [{}, {}, {}], figures: [{}, {}, {}] });
    expect(Object.keys(body['data'])).not.toEqual(expect.arrayContaining(['request']));
    expect(Object.keys(body['data'])).not.toEqual(expect.arrayContaining(['jobs']));
  });
});
