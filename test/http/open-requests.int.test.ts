import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IngestResult } from '../../src/ingest/ingest-webhook.ts';
import { WorkCutError } from '../../src/platform/shutdown.ts';
import { startServer } from './http-setup.ts';
import type { StartedServer } from './http-setup.ts';

const RECORDED: IngestResult = { kind: 'recorded', outcome: 'accepted', webhookId: 'wh_1' };

describe('a server that is told to stop', () => {
  let server: StartedServer;
  let arrived: PromiseWithResolvers<void>;
  let recorded: PromiseWithResolvers<IngestResult>;

  beforeEach(async () => {
    arrived = Promise.withResolvers();
    recorded = Promise.withResolvers();
    server = await startServer({
      ingestWebhook: () => {
        arrived.resolve();
        return recorded.promise;
      },
    });
  });
  afterEach(() => server.close());

  const post = (provider = 'stripe') =>
    fetch(`${server.url}/webhooks/${provider}/src_1`, { method: 'POST', body: '{}' });

  test('answers what is under way and what still comes, closes their connections, and says that it is not ready', async () => {
    const underWay = post();
    await arrived.promise;
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const drained = server.openRequests.drain(60_000);

    const ready = await fetch(`${server.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: 'stopping', checks: {} });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(200);

    const late = post('gohighlevel');
    recorded.resolve(RECORDED);
    expect((await underWay).status).toBe(202);
    expect((await late).status).toBe(202);
    expect((await late).headers.get('connection')).toBe('close');
    expect(server.lines.filter(({ level }) => level === 'error')).toEqual([]);
    await drained;
    await server.openRequests.finish(60_000);
  });

  test('that nobody asked drains at once', async () => {
    await server.openRequests.drain(60_000);
    await server.openRequests.finish(60_000);
  });

  test('with nothing under way is done at once', async () => {
    await server.openRequests.finish(60_000);
  });

  test('reports what it could not answer in time', async () => {
    const underWay = post();
    await arrived.promise;
    const finished = server.openRequests.finish(10);
    await expect(finished).rejects.toBeInstanceOf(WorkCutError);
    await expect(finished).rejects.toThrow('1 requests were not answered in time.');
    recorded.resolve(RECORDED);
    expect((await underWay).status).toBe(202);
  });
});

describe('metrics of requests', () => {
  test('count webhooks by provider and outcome, and never by a name that somebody made up', async () => {
    const server = await startServer({ ingestWebhook: async () => RECORDED });
    try {
      await fetch(`${server.url}/webhooks/stripe/src_1`, { method: 'POST', body: '{}' });
      await fetch(`${server.url}/webhooks/made-up/src_1`, { method: 'POST', body: '{}' });
      await fetch(`${server.url}/nowhere/at-all`);
      const response = await fetch(`${server.url}/metrics`);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
      const text = await response.text();
      expect(text).toContain('hookledger_webhooks_total{provider="stripe",outcome="accepted"} 1');
      expect(text).toContain('hookledger_webhooks_total{provider="unknown",outcome="accepted"} 1');
      expect(text).toContain('hookledger_request_duration_seconds_count{route="webhooks",status="2xx"} 2');
      expect(text).toContain('hookledger_request_duration_seconds_count{route="other",status="4xx"} 1');
      expect(text).toContain('hookledger_process_cpu_seconds_total');
      expect(text).not.toMatch(/made-up|nowhere|src_1/);
    } finally {
      await server.close();
    }
  });
});
