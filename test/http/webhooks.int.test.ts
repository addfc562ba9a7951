import { once } from 'node:events';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { StoreUnavailableError } from '../../src/event-store/store-errors.ts';
import type { IngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import { SIGNATURE_FAULTS } from '../../src/ingest/provider.ts';
import type { IncomingRequest } from '../../src/ingest/provider.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { bodyLimitBytes, openConnection, receivedAt, startServer } from './http-setup.ts';
import type { StartedServer } from './http-setup.ts';

const path = '/webhooks/stripe/src_1';

let server: StartedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function start(ingestWebhook?: IngestWebhook): Promise<StartedServer> {
  server = await startServer(ingestWebhook === undefined ? {} : { ingestWebhook });
  return server;
}

/** A server that keeps what it hands on. */
async function startKeeping() {
  const handedOn: { request: IncomingRequest; address: { provider: string; sourceId: string } }[] = [];
  const started = await start(async (request, address) => {
    handedOn.push({ request, address });
    return { kind: 'recorded', outcome: 'accepted', webhookId: 'wh_1' };
  });
  return { ...started, handedOn };
}

function post(
  url: string,
  body: Uint8Array<ArrayBuffer> | string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url + path, { method: 'POST', body, headers });
}

describe('a webhook', () => {
  test.each(['accepted', 'duplicate', 'conflict', 'unmapped', 'unassigned', 'quarantined'] as const)(
    'that was recorded as %s is answered 202 with that and our id',
    async (outcome) => {
      const { url } = await start(async () => ({ kind: 'recorded', outcome, webhookId: 'wh_1' }));
      const response = await post(url, '{}');
      expect(response.status).toBe(202);
      expect(await response.json()).toEqual({ status: outcome, id: 'wh_1' });
    },
  );

  test('is handed on byte by byte, with its address and every value of every header', async () => {
    const { port, handedOn } = await startKeeping();
    const { socket, answer } = await openConnection(port);
    const body = Buffer.from('\ufeff{"a": "\u00e4",\r\n"a":1}\0');
    socket.write(
      `POST ${path}?b=1&a=%20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nStripe-Signature: one\r\n` +
        `stripe-signature: two\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body);
    expect(await answer).toMatch(/^HTTP\/1.1 202 /);
    expect(handedOn).toEqual([
      {
        address: { provider: 'stripe', sourceId: 'src_1' },
        request: {
          method: 'POST',
          url: `${path}?b=1&a=%20`,
          receivedAt,
          body,
          headers: {
            host: ['x'],
            connection: ['close'],
            'stripe-signature': ['one', 'two'],
            'content-length': [String(body.length)],
          },
        },
      },
    ]);
  });

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('that is sent as %s is inflated', async (encoding, compress) => {
    const { url, handedOn } = await startKeeping();
    const response = await post(url, new Uint8Array(compress('{"id":1}')), { 'content-encoding': encoding });
    expect(response.status).toBe(202);
    expect(handedOn[0]?.request.body.toString()).toBe('{"id":1}');
  });

  test('that does not inflate is answered 400, and one in an unknown encoding 415', async () => {
    const { url, handedOn } = await startKeeping();
    const cut = new Uint8Array(gzipSync('{"id":1}').subarray(0, -4));
    expect((await post(url, cut, { 'content-encoding': 'gzip' })).status).toBe(400);
    expect((await post(url, 'x', { 'content-encoding': 'br' })).status).toBe(400);
    expect((await post(url, 'x', { 'content-encoding': 'zstd' })).status).toBe(415);
    expect((await post(url, 'x', { 'content-encoding': 'constructor' })).status).toBe(415);
    expect(handedOn).toEqual([]);
  });

  test('to an unknown source is answered 404 as a problem', async () => {
    const { url } = await start(async () => ({ kind: 'rejected', cause: 'unknown-source' }));
    const response = await post(url, '{}');
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 404, title: 'Not Found', code: 'unknown_source' });
  });

  test('with a bad signature is answered 401 with one text, whatever was wrong', async () => {
    const answers = new Set<string>();
    for (const cause of SIGNATURE_FAULTS) {
      const { url, close } = await startServer({ ingestWebhook: async () => ({ kind: 'rejected', cause }) });
      const response = await post(url, '{}');
      expect(response.status).toBe(401);
      const headers = [...response.headers].filter(([name]) => name !== 'date');
      answers.add(JSON.stringify([headers, await response.text()]));
      await close();
    }
    expect(answers.size).toBe(1);
  });

  test('by GET is answered 405', async () => {
    const { url } = await start();
    const response = await fetch(url + path);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });

  test('to an address that is not percent-encoded is answered 400', async () => {
    const { url } = await start();
    expect((await fetch(`${url}/webhooks/stripe/%E0%A4%A`, { method: 'POST' })).status).toBe(400);
  });
});

describe('a provider that expects an answer of its own', () => {
  const recorded = { kind: 'recorded', outcome: 'accepted', webhookId: 'wh_1' } as const;

  test('gets its document with its type', async () => {
    const { url } = await start(async () => ({
      ...recorded,
      answer: { status: 200, contentType: 'text/xml', body: '<Response/>' },
    }));
    const response = await post(url, '{}');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/xml/);
    expect(await response.text()).toBe('<Response/>');
  });

  test('gets nothing but a status where it wants no more', async () => {
    const { url } = await start(async () => ({ ...recorded, answer: { status: 204 } }));
    const response = await post(url, '{}');
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    // Who sends by a script learns what became of it all the same.
    expect(response.headers.get('hookledger-outcome')).toBe('accepted');
    expect(response.headers.get('hookledger-webhook')).toBe('wh_1');
  });
});

describe('a webhook when the database is down', () => {
  test('is answered 503 with Retry-After', async () => {
    const { url } = await start(async () => {
      throw new StoreUnavailableError(new Error('connect ECONNREFUSED 10.0.0.7:5432'));
    });
    const response = await post(url, '{}');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.text()).not.toContain('10.0.0.7');
  });

  test('is answered 429 where the provider gives up on a 5xx for good', async () => {
    const { url } = await start(async () => {
      throw new StoreUnavailableError(new Error('too slow'));
    });
    const response = await fetch(`${url}/webhooks/gohighlevel/src_1`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('is answered 503 too when a look-up finds nobody there', async () => {
    const logger = createLogger({ level: 'silent' });
    const options = { applicationName: 'nobody', max: 1, statementTimeoutMs: 0, idleInTransactionTimeoutMs: 0, logger };
    const pool = createPool({ ...options, url: 'postgres://nobody@127.0.0.1:1/nothing' });
    const { url } = await start(async () => {
      await pool.query('select 1');
      throw new Error('somebody was there');
    });
    const response = await post(url, '{}');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    await pool.end();
  });
});

describe('a webhook that fails for a reason that nobody expected', () => {
  test('is answered 500 with a fixed text, and logged whole', async () => {
    const { url, lines } = await start(async () => {
      throw new TypeError('the inner secret');
    });
    const response = await post(url, '{}');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('inner secret');
    expect(lines).toMatchObject([
      { level: 'error', msg: 'webhook', outcome: 'failed', err: { message: 'the inner secret' } },
    ]);
  });
});

describe('a body that is too large', () => {
  const chunk = 'x'.repeat(50_000);
  const chunkLine = `${chunk.length.toString(16)}\r\n${chunk}\r\n`;

  test('by its announcement is answered 413 before any of it is read, and the connection is closed', async () => {
    const { port, rejections } = await start();
    const { socket, answer } = await openConnection(port);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nStripe-Signature: s\r\nContent-Length: ${bodyLimitBytes + 1}\r\n\r\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1.1 413 [^]*\r\nConnection: close\r\n[^]*"code":"body_too_large"/);
    expect(rejections).toMatchObject([
      {
        cause: 'body-too-large',
        address: { provider: 'stripe', sourceId: 'src_1' },
        request: { receivedAt, headers: { 'stripe-signature': ['s'] } },
      },
    ]);
  });

  test('by its chunks is answered 413, and a sender that goes on is cut off', async () => {
    const { port, rejections, lines } = await start();
    const { socket, answer } = await openConnection(port);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
    let isClosed = false;
    socket.on('close', () => {
      isClosed = true;
    });
    while (!isClosed) {
      // The written end of a full socket drains when the server reads on, or closes when it cuts us off.
      if (!socket.write(chunkLine)) await Promise.race([once(socket, 'drain'), answer]);
      await new Promise(setImmediate);
    }
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
    expect(rejections).toHaveLength(1);
    expect(lines).toMatchObject([{ outcome: 'body-too-large', status: 413 }]);
  });

  test('by what it inflates to is answered 413, and the connection is closed', async () => {
    const { port, rejections } = await start();
    const { socket, answer } = await openConnection(port);
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(bodyLimitBytes);
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`,
    );
    socket.write(bomb);
    expect(await answer).toMatch(/^HTTP\/1.1 413 /);
    expect(rejections).toHaveLength(1);
  });

  test('reaches a sender that sends all of it before it reads the answer', async () => {
    const { url } = await start();
    const response = await post(url, 'x'.repeat(20 * bodyLimitBytes));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining(`${bodyLimitBytes} bytes`) });
  });

  test('begins one byte above the limit', async () => {
    const { url } = await start();
    const largest = 'x'.repeat(bodyLimitBytes);
    expect((await post(url, largest)).status).toBe(202);
    expect((await post(url, new Uint8Array(gzipSync(largest)), { 'content-encoding': 'gzip' })).status).toBe(202);
    expect((await post(url, `${largest}x`)).status).toBe(413);
    expect((await post(url, new Uint8Array(gzipSync(`${largest}x`)), { 'content-encoding': 'gzip' })).status).toBe(413);
  });
});

describe('a sender', () => {
  test('that hangs up within the body disturbs nobody', async () => {
    const { port, url, lines, rejections } = await start();
    const { socket, answer } = await openConnection(port);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf`, () => socket.destroy());
    await answer;
    expect((await post(url, '{}')).status).toBe(202);
    expect(lines.map(({ outcome }) => outcome).toSorted()).toEqual(['accepted', 'sender-gone']);
    expect(rejections).toEqual([]);
  });

  test('that dribbles is cut off', async () => {
    const { port, server: httpServer } = await start();
    httpServer.headersTimeout = 100;
    httpServer.requestTimeout = 100;
    const { socket, answer } = await openConnection(port);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf`);
    expect(await answer).toMatch(/^HTTP\/1.1 408 /);
  });
});

describe('the log', () => {
  test('has one line for a webhook, with its outcome and ids, and nothing of its content', async () => {
    const { url, lines } = await start();
    await post(url, '{"card":"4242"}', { 'stripe-signature': 't=1,v1=abcdef' });
    expect(lines).toMatchObject([
      {
        level: 'info',
        msg: 'webhook',
        provider: 'stripe',
        sourceId: 'src_1',
        outcome: 'accepted',
        webhookId: 'wh_1',
        status: 202,
        durationMs: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/4242|abcdef/);
  });
});
