import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { Worker } from 'node:worker_threads';
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

/** A thread of clients: opens the gate when all are connected, asks, and tells all answers. */
const ASK_AT_ONCE = `
  const { connect } = require('node:net');
  const { parentPort, workerData: { port, count, gate } } = require('node:worker_threads');
  let connected = 0;
  const ask = () => new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => {
      connected += 1;
      socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n');
      if (connected < count) return;
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    });
    socket.on('data', (data) => (answer += data));
    socket.on('error', (error) => resolve(error.code));
    socket.on('close', () => resolve(answer.split('\\r\\n\\r\\n')[1]));
  });
  Promise.all(Array.from({ length: count }, ask)).then((answers) => parentPort.postMessage(answers));
`;

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

  test('lets in whoever has connected before its port closes, however busy it was', async () => {
    const server = createServer((_request, response) => void response.setHeader('connection', 'close').end('done'));
    const listening = await listen(server, { port: 0, host: '127.0.0.1', mayMove: false, logger });
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const clients = new Worker(ASK_AT_ONCE, { eval: true, workerData: { port: listening.port, count: 40, gate } });
    const asked = once(clients, 'message');
    // As a process that is busy: the kernel has made the connections, and nobody has accepted them.
    Atomics.wait(gate, 0, 0);
    await listening.stopAccepting(60_000);
    expect(await asked).toEqual([Array.from({ length: 40 }, () => 'done')]);
    await expect(fetch(listening.url)).rejects.toThrow();
    await listening.close(0);
    await clients.terminate();
  });

  test('gives a connection that says nothing a second, and no longer', async () => {
    const listening = await listenOn(0, false);
    const { answer } = await openConnection(listening.port);
    const stopped = performance.now();
    await listening.stopAccepting(60_000);
    expect(performance.now() - stopped).toBeGreaterThan(900);
    await listening.close(0);
    expect(await answer).toBe('');
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
