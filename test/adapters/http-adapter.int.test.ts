import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { CallContext, OutboundAdapter } from '../../src/adapters/adapter.ts';
import { CallFailedError, CallNotTakenError, CallRefusedError } from '../../src/adapters/call-errors.ts';
import { createHttpAdapter, InvalidAdapterError } from '../../src/adapters/http-adapter.ts';

type Answer = Readonly<{
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  breaksOff?: boolean;
}>;

let server: Server;
let url: string;
let answer: Answer | 'silence' | 'hang-up' = { status: 200 };
const requests: { method: string | undefined; url: string | undefined; headers: IncomingHttpHeaders; body: string }[] =
  [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      requests.push({ method: request.method, url: request.url, headers: request.headers, body });
      if (answer === 'silence') return;
      if (answer === 'hang-up') return void response.destroy();
      response.writeHead(answer.status, answer.headers);
      if (answer.breaksOff === true) response.write(answer.body, () => response.destroy());
      else response.end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Where nobody listens any more. */
async function deserted(): Promise<string> {
  const brief = createServer().listen(0, '127.0.0.1');
  await once(brief, 'listening');
  const address = brief.address();
  brief.close();
  await once(brief, 'close');
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const KEY = '0197a1b2-0000-8000-8000-000000000001';

function context(signal: AbortSignal = new AbortController().signal): CallContext {
  return { key: KEY, tenantId: 'tnt_1', signal, deadline: new Date(Date.now() + 10_000) };
}

const settings = () => ({ name: 'crm', url: `${url}/things?a=1`, headers: { authorization: 'Bearer s3cret' } });

async function call(next: typeof answer, more: { resultFields?: readonly string[]; timeoutMs?: number } = {}) {
  answer = next;
  return createHttpAdapter({ ...settings(), declared: 'neither', ...more }).call({ name: 'Ada', list: [1] }, context());
}

function lookUp(next: typeof answer) {
  answer = next;
  const adapter = queryable(`${url}/things/{key}?b={key}`);
  if (adapter.declared !== 'queryable') throw new Error('made otherwise than asked for');
  return adapter.lookUp({}, context());
}

const queryable = (lookUpUrl: string): OutboundAdapter =>
  createHttpAdapter({ ...settings(), declared: 'queryable', lookUpUrl, resultFields: ['id'] });

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('a call over HTTP', () => {
  test('posts the request as JSON with the key and the headers of the settings', async () => {
    await call({ status: 204 });
    expect(requests.at(-1)).toMatchObject({
      method: 'POST',
      url: '/things?a=1',
      headers: { 'idempotency-key': KEY, authorization: 'Bearer s3cret', 'content-type': 'application/json' },
      body: '{"name":"Ada","list":[1]}',
    });
  });

  test('keeps of the answer its status and the plain fields that the settings name', async () => {
    const body = JSON.stringify({ id: 'x1', ok: true, n: 1.5, name: 'Ada', deep: { id: 1 }, httpStatus: 'theirs' });
    const resultFields = ['id', 'ok', 'n', 'deep', 'absent', 'httpStatus'];
    expect(await call({ status: 201, body }, { resultFields })).toEqual({
      id: 'x1',
      ok: true,
      n: 1.5,
      httpStatus: 201,
    });
    expect(await call({ status: 200, body })).toEqual({ httpStatus: 200 });
  });

  test.each([
    ['no JSON', 'OK'],
    ['no object', '"x"'],
    ['nothing', ''],
    ['too much', JSON.stringify({ id: 'x'.repeat(300_000) })],
  ])('counts as done when the answer is %s', async (_, body) => {
    expect(await call({ status: 200, body }, { resultFields: ['id'] })).toEqual({ httpStatus: 200 });
  });

  test.each([
    [CallRefusedError, [307, 308, 400, 401, 403, 404, 410, 422]],
    [CallNotTakenError, [423, 425, 429]],
    [CallFailedError, [301, 302, 303, 408, 409, 500, 502, 503, 504]],
  ])('fails by %p', async (kind, statuses) => {
    for (const status of statuses) {
      const failure = await failureOf(
        call({ status, headers: { location: `${url}/elsewhere` }, body: 'Ada is secret' }),
      );
      expect(failure).toBeInstanceOf(kind);
      expect(String(failure)).toContain(String(status));
    }
    expect(requests.every((request) => request.url !== '/elsewhere')).toBe(true);
  });

  test.each([429, 503])('hands on what a %i asks for in Retry-After', async (status) => {
    const failure = await failureOf(call({ status, headers: { 'retry-after': '30' } }));
    expect(failure).toMatchObject({ retryAfterMs: 30_000 });
  });

  test('may have been done when the connection ends, the answer breaks off or the time is over', async () => {
    const failures = [
      await failureOf(call('hang-up')),
      await failureOf(call({ status: 200, body: '{"id":', breaksOff: true }, { resultFields: ['id'] })),
      await failureOf(call('silence', { timeoutMs: 50 })),
    ];
    for (const failure of failures) expect(failure).toBeInstanceOf(CallFailedError);
    expect(String(failures[2])).toContain('TimeoutError');
  });

  test('stops when it is told to', async () => {
    answer = 'silence';
    const stop = new AbortController();
    const adapter = createHttpAdapter({ ...settings(), declared: 'neither' });
    const before = requests.length;
    const failing = failureOf(adapter.call({}, context(stop.signal)));
    while (requests.length === before) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await failing).toBeInstanceOf(CallFailedError);
  });

  test('has certainly not been done when nobody listens', async () => {
    const adapter = createHttpAdapter({ name: 'crm', url: await deserted(), declared: 'neither' });
    expect(await failureOf(adapter.call({}, context()))).toBeInstanceOf(CallNotTakenError);
  });

  test('says nothing of secrets, bodies and addresses when it fails', async () => {
    const failures = [
      await failureOf(call({ status: 500, body: 'Ada is secret' })),
      await failureOf(call('hang-up')),
      await failureOf(
        createHttpAdapter({ ...settings(), url: `${await deserted()}/Ada`, declared: 'neither' }).call({}, context()),
      ),
    ];
    for (const failure of failures) {
      expect(String(failure)).toContain(KEY);
      expect(String(failure)).not.toMatch(/s3cret|Ada|127\.0\.0\.1|things/);
    }
  });
});

describe('a look-up over HTTP', () => {
  test('asks by the key', async () => {
    await lookUp({ status: 404 });
    expect(requests.at(-1)).toMatchObject({
      method: 'GET',
      url: `/things/${KEY}?b=${KEY}`,
      headers: { authorization: 'Bearer s3cret' },
      body: '',
    });
  });

  test('finds a call with its result, finds none, or does not know', async () => {
    expect(await lookUp({ status: 200, body: '{"id":"x1"}' })).toEqual({
      kind: 'found',
      result: { id: 'x1', httpStatus: 200 },
    });
    expect(await lookUp({ status: 404 })).toEqual({ kind: 'not-found' });
    for (const status of [302, 401, 410, 429, 500]) {
      expect(await lookUp({ status })).toMatchObject({ kind: 'unknown' });
    }
    expect(await failureOf(lookUp('hang-up'))).toBeInstanceOf(CallFailedError);
  });
});

describe('settings', () => {
  test.each([
    ['no URL', { url: 'crm' }],
    ['another protocol', { url: 'ftp://crm.example' }],
    ['a password in the URL', { url: 'https://me:s3cret@crm.example' }],
    ['a header that is none', { headers: { authorization: 's3cret\nx: y' } }],
  ])('with %s are refused without repeating it', (_, wrong) => {
    const make = () => createHttpAdapter({ ...settings(), ...wrong, declared: 'idempotent' });
    expect(make).toThrow(InvalidAdapterError);
    expect(make).not.toThrow(/s3cret/);
  });

  test('of a queryable target need a place for the key', () => {
    expect(() => queryable('https://crm.example/things')).toThrow(InvalidAdapterError);
  });
});
