import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { uuid } from '../../finance/seed.ts';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('bad parameters', () => {
  test.each([
    ['/v1/usage?window=decade', 'window'],
    ['/v1/usage?windows=day', 'windows'],
    ['/v1/usage?aggregation=median', 'aggregation'],
    ['/v1/usage?aggregation=sum&aggregation=max', 'aggregation'],
    ['/v1/costs?aggregation=max', 'aggregation'],
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
    ['/v1/calls?window=day', 'window'],
    ['/v1/calls?cursor=nonsense', 'cursor'],
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
    expect(body).toMatchObject({ detail: expect.stringMatching(new RegExp(`^${parameter}: `)) });
    expect(status).toBe(400);
  });

  test('a cursor of one route is none of another', async () => {
    const { page } = await api.list('/v1/events?limit=1');
    const cursor = page.next_cursor;
    expect((await api.get(`/v1/events?limit=1&cursor=${cursor}`)).status).toBe(200);
    const { body } = await api.get(`/v1/payments?limit=1&cursor=${cursor}`);
    expect(body).toMatchObject({ parameter: 'cursor' });
  });

  test('an id that is none is not found', async () => {
    expect((await api.get('/v1/events/12')).status).toBe(404);
    expect((await api.get(`/v1/events/${uuid(77)}`)).status).toBe(404);
    expect((await api.get('/v1/webhooks/evt_nobody')).status).toBe(404);
    expect((await api.get('/v1/webhooks/%00')).status).toBe(404);
  });
});
