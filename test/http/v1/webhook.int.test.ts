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

describe('GET /v1/webhooks/:id', () => {
  test("tells the story by our id and by the provider's, the first that counted before one in conflict", async () => {
    const ours = await api.story(webhooks.payment, 'ops');
    expect(ours).toMatchObject({
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
    const theirs = await api.story('evt_1PxQ', 'ops');
    expect(theirs).toEqual(ours);
    const slashed = await api.story('call_analyzed/call_7f3e', 'ops');
    expect(slashed).toMatchObject({ id: webhooks.call, duplicates: 2 });
  });

  test('follows the work that events led to, to its attempts and its end', async () => {
    const data = await api.story(webhooks.failedPayment, 'ops');
    expect(data.events.map((event) => event.type)).toEqual(['PaymentFailed', 'NotificationRequested']);
    expect(data.jobs).toMatchObject([
      { queue: 'ingress-events', published: true, outcome: 'done', attempts: [{ attempt: 1, outcome: 'done' }] },
      {
        queue: 'notifications',
        published: true,
        outcome: 'dead',
        dead_letter: { cause: 'attempts-exhausted' },
        attempts: [{ outcome: 'retry' }, { outcome: 'retry' }, { outcome: 'dead' }],
      },
    ]);
    const fresh = await api.story(webhooks.fresh, 'ops');
    expect(fresh.jobs).toMatchObject([
      { published: false, outcome: null, attempts: [] },
      { published: false, outcome: null, attempts: [] },
    ]);
  });

  test('leads to answers that hold the figures', async () => {
    const { figures } = await api.story(webhooks.call, 'finance');
    expect(figures.map((figure) => figure['figure'])).toEqual(['usage', 'cost', 'cost']);
    const [usageFigure, costFigure] = figures;
    const usage = await api.list(usageFigure?.links['figure'] ?? '');
    expect(usage.data).toMatchObject([{ quantity: usageFigure?.['quantity'] }]);
    const cost = await api.list(costFigure?.links['figure'] ?? '');
    expect(cost.data).toMatchObject([{ cost: costFigure?.['amount'] }]);
  });

  test('of a report that says nothing new leads to the figures of its fact', async () => {
    expect(await api.story(webhooks.charge)).toMatchObject({
      events: [{ event_id: uuid(22), type: 'PaymentSucceeded' }],
      lines: { payments: [{ event_id: uuid(21), kind: 'payment', amount: { amount: '150', currency: 'EUR' } }] },
      figures: [{ figure: 'collected', amount: { amount: '150', currency: 'EUR' } }],
    });
  });

  test('is shorter for a tenant: no request, no machinery', async () => {
    const data = await api.story(webhooks.call, 'finance@tnt_a');
    expect(data).toMatchObject({ id: webhooks.call, events: [{}, {}, {}], figures: [{}, {}, {}] });
    expect(Object.keys(data)).not.toEqual(expect.arrayContaining(['request']));
    expect(Object.keys(data)).not.toEqual(expect.arrayContaining(['jobs']));
  });
});
