import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startLocalRedis } from '../../src/dev/local-redis.ts';
import type { LocalRedis } from '../../src/dev/local-redis.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createRedis } from '../../src/platform/redis.ts';
import { ServerRefusedError, ServerUnreachableError, waitForServers } from '../../src/platform/wait-for-servers.ts';
import type { NeededServer, WaitOptions, Waiting } from '../../src/platform/wait-for-servers.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { readTestRun, reportNotProven } from '../support/test-run.ts';

const { adminUrl } = readTestRun();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function postgres(url: string): NeededServer {
  return { name: 'PostgreSQL', setting: 'DATABASE_URL', url, mayBeAway: () => false };
}

function redis(url: string): NeededServer {
  return { name: 'Redis', setting: 'REDIS_URL', url, mayBeAway: () => false };
}

async function wait(server: NeededServer, options: Partial<WaitOptions> = {}): Promise<readonly Waiting[]> {
  const said: Waiting[] = [];
  const onWaiting = (waiting: Waiting): void => void said.push(waiting);
  const defaults: WaitOptions = { waitSeconds: 20, signal: new AbortController().signal, onWaiting };
  await waitForServers([server], { ...defaults, ...options });
  return said;
}

/** Answers the first connection as a PostgreSQL that is starting up does, and hands on every later one. */
async function startingPostgres(): Promise<string> {
  const target = new URL(adminUrl);
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    client.on('error', () => undefined);
    if (connections > 1) {
      const upstream = connect(Number(target.port), target.hostname);
      upstream.on('error', () => client.destroy());
      client.pipe(upstream).pipe(client);
      return;
    }
    const fields = 'SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0';
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeInt32BE(4 + Buffer.byteLength(fields), 1);
    client.once('data', () => client.end(Buffer.concat([head, Buffer.from(fields)])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => void server.close());
  const url = new URL(adminUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url.href;
}

describe('waiting for PostgreSQL', () => {
  test('ends at once when it answers', async () => {
    expect(await wait(postgres(adminUrl))).toEqual([]);
  });

  test('asks again while nothing listens, says so, and ends when it does', async () => {
    const proxy = await createTcpProxy(adminUrl);
    closing.push(proxy.stop);
    const said: Waiting[] = [];
    await wait(postgres(proxy.url), {
      onWaiting: (waiting) => {
        said.push(waiting);
        void proxy.start();
      },
    });
    const { host, pathname } = new URL(proxy.url);
    expect(said).toEqual([
      { server: `PostgreSQL at ${host}${pathname}`, reason: expect.stringContaining('ECONNREFUSED'), isSkipped: false },
    ]);
  });

  test('asks again while it is starting up', async () => {
    expect(await wait(postgres(await startingPostgres()))).toMatchObject([
      { reason: 'the database system is starting up' },
    ]);
  });

  test('gives up, naming the server without its password', async () => {
    const url = 'postgres://someone:hush@127.0.0.1:1/books';
    const waited = wait(postgres(url), { waitSeconds: 0 });
    await expect(waited).rejects.toBeInstanceOf(ServerUnreachableError);
    await expect(waited).rejects.toThrow(
      /^PostgreSQL at 127\.0\.0\.1:1\/books did not answer within 0 s \(.*ECONNREFUSED.*\)\. Start it, or check DATABASE_URL\.$/,
    );
    await expect(waited).rejects.not.toThrow(/hush|someone/);
  });

  test('ends when nobody wants to start any more', async () => {
    const stop = new AbortController();
    await wait(postgres('postgres://127.0.0.1:1/books'), { signal: stop.signal, onWaiting: () => stop.abort() });
  });

  test('does not wait when it refuses us', async () => {
    const url = new URL(adminUrl);
    url.pathname = '/no_such_database';
    const waited = wait(postgres(url.href));
    await expect(waited).rejects.toBeInstanceOf(ServerRefusedError);
    await expect(waited).rejects.toThrow(/refused: database "no_such_database" does not exist/);
  });
});

test('a server that may be away is asked once, and left', async () => {
  expect(await wait({ ...redis('redis://127.0.0.1:1'), mayBeAway: () => true })).toEqual([
    { server: 'Redis at 127.0.0.1:1', reason: expect.stringContaining('ECONNREFUSED'), isSkipped: true },
  ]);
});

describe('waiting for Redis', () => {
  const directory = createTemporaryDirectory();
  const logger = createLogger({ level: 'silent' });
  let server: LocalRedis | undefined;
  beforeAll(async () => {
    server = await startLocalRedis({ dataDir: directory.path, logger });
    if (server === undefined) return;
    const client = createRedis({ url: server.url, purpose: 'producer', connectionName: 'test', logger });
    await client.config('SET', 'requirepass', 'hush');
    client.disconnect();
  });
  afterAll(async () => {
    await server?.stop();
    directory.remove();
  });

  /** Nothing is tested where no Redis can be started; the run says so at its end. */
  function withServer(run: (url: URL) => Promise<void>): () => Promise<void> {
    return async () => {
      if (server === undefined) return reportNotProven('waiting for Redis');
      await run(new URL(server.url));
    };
  }

  test(
    'asks again while nothing listens, and ends when it answers',
    withServer(async (url) => {
      url.password = 'hush';
      const proxy = await createTcpProxy(url.href);
      closing.push(proxy.stop);
      await wait(redis(proxy.url), { onWaiting: () => void proxy.start() });
    }),
  );

  test(
    'does not wait when it refuses us, whether or not we could do without it',
    withServer(async (url) => {
      await expect(wait(redis(url.href))).rejects.toThrow(/^Redis at .* refused: NOAUTH .* of REDIS_URL\.$/);
      url.password = 'wrong';
      const refused = wait({ ...redis(url.href), mayBeAway: () => true });
      await expect(refused).rejects.toBeInstanceOf(ServerRefusedError);
      await expect(refused).rejects.toThrow(/WRONGPASS/);
    }),
  );
});
