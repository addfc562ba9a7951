import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { listen, PortTakenError } from '../../src/http/listen.ts';
import type { Listening } from '../../src/http/listen.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { openConnection, startServer } from './http-setup.ts';
import type { StartOptions } from './http-setup.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function start(options?: StartOptions) {
  const started = await startServer(options);
  closing.push(started.close);
  return started;
}

describe('the server', () => {
  test('answers an unknown path 404 as a problem', async () => {
    const { url } = await start();
    const response = await fetch(`${url}/nowhere?a=b`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'not_found', detail: 'Nothing answers GET /nowhere here.' });
  });

  test('says with every answer that nobody may sniff, frame or keep it, and not what it is made of', async () => {
    const { url } = await start();
    const { headers } = await fetch(`${url}/healthz`);
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    expect(headers.has('x-powered-by')).toBe(false);
  });

  test('is healthy as long as it answers', async () => {
    const { url } = await start({ readiness: async () => ({ database: false }) });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('is ready when everything that it needs is', async () => {
    const { url } = await start({ readiness: async () => ({ database: true, queues: true }) });
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ready', checks: { database: true, queues: true } });
  });

  test('names what is missing when it is not ready, also when the check itself fails', async () => {
    const missing = await start({ readiness: async () => ({ database: true, queues: false }) });
    const response = await fetch(`${missing.url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready', checks: { database: true, queues: false } });
    const failing = await start({ readiness: () => Promise.reject(new Error('no database')) });
    expect((await fetch(`${failing.url}/readyz`)).status).toBe(503);
    expect(failing.lines).toMatchObject([{ level: 'error', msg: 'readiness check failed' }]);
  });
});

describe('listening', () => {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });

  async function listenOn(port: number, mayMove: boolean, server: Server = createServer()): Promise<Listening> {
    const listening = await listen(server, { port, host: '127.0.0.1', mayMove, logger });
    closing.push(() => listening.close(0));
    return listening;
  }

  test('moves to the next free port and says so', async () => {
    const taken = await listenOn(0, false);
    const moved = await listenOn(taken.port, true);
    expect(moved.port).toBeGreaterThan(taken.port);
    expect(moved.url).toBe(`http://127.0.0.1:${moved.port}`);
    expect(lines).toMatchObject([{ level: 'warn', wanted: taken.port, port: moved.port }]);
  });

  test('is an error on a taken port that may not move', async () => {
    const taken = await listenOn(0, false);
    const second = listenOn(taken.port, false);
    await expect(second).rejects.toThrow(PortTakenError);
    await expect(second).rejects.toThrow(`Port ${taken.port} is taken`);
  });

  test('ends when the answers under way are given', async () => {
    const arrived = Promise.withResolvers<() => void>();
    const server = createServer((_request, response) => arrived.resolve(() => response.end('done')));
    const listening = await listen(server, { port: 0, host: '127.0.0.1', mayMove: false, logger });
    const asked = fetch(listening.url);
    const answer = await arrived.promise;
    const closed = listening.close(60_000);
    await expect(fetch(listening.url)).rejects.toThrow();
    answer();
    expect(await (await asked).text()).toBe('done');
    await closed;
  });

  test('cuts off at its deadline what is still under way', async () => {
    const server = createServer();
    const listening = await listen(server, { port: 0, host: '127.0.0.1', mayMove: false, logger });
    const { socket, answer } = await openConnection(listening.port);
    const arrived = once(server, 'request');
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await arrived;
    await listening.close(50);
    expect(await answer).toBe('');
  });
});
