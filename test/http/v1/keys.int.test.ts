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
    const usage = await api.list('/v1/usage', 'finance@tnt_b');
    expect(usage.data).toEqual([]);
    const own = await api.list('/v1/usage', 'finance@tnt_a');
    expect(own.data).toHaveLength(1);
    expect(own.meta).toMatchObject({ pending: { unassigned: 0 } });
    const forced = await api.list('/v1/usage?tenant_id=tnt_a', 'finance@tnt_b');
    expect(forced.data).toEqual([]);
    const events = await api.list('/v1/events', 'engineer@tnt_b');
    expect(events.data.map((event) => event['tenant_id'])).toEqual(['tnt_b', 'tnt_b']);
    expect((await api.get(`/v1/events/${uuid(11)}`, 'engineer@tnt_b')).status).toBe(404);
    expect((await api.get(`/v1/webhooks/${webhooks.call}`, 'engineer@tnt_b')).status).toBe(404);
    expect((await api.get('/v1/webhooks/evt_1PxQ', 'engineer@tnt_b')).status).toBe(404);
    expect((await api.get(`/v1/webhooks/${webhooks.call}`, 'engineer@tnt_a')).status).toBe(200);
  });

  test('show personal data and raw bodies to engineers and admins of the platform alone', async () => {
    for (const key of ['engineer', 'admin']) {
      expect((await api.one(`/v1/events/${uuid(11)}`, key)).personal).toEqual({
        summary: 'Ada asked for an appointment.',
      });
      const data = await api.one(`/v1/webhooks/${webhooks.call}`, key);
      expect(Buffer.from(data.request?.body_base64 ?? '', 'base64').toString()).toContain('ada@example.com');
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
