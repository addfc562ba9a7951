import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createSource } from '../../src/tenants/create-source.ts';
import { createOrm } from '../../src/tenants/orm.ts';
import { runCliForJson, startServer } from '../cli/spawn-cli.ts';
import type { RunningServer } from '../cli/spawn-cli.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { readTestRun, reportNotProven } from '../support/test-run.ts';

const PROCESSES = 3;
const CALLS = 30;
const PAYMENTS = 20;
const IN_FLIGHT = 15;
const SECRETS = { retell: 'key_several', stripe: 'whsec_several' } as const;

type Provider = keyof typeof SECRETS;
type Body = Readonly<{ provider: Provider; bytes: Buffer }>;
type Answer = Readonly<{ status: number; outcome: string; id: string }>;

type Transport = Readonly<{
  name: string;
  /** What a server says of its queues when it starts. */
  queues: string;
  /** What leads a server to them; `directory` is empty. */
  environment(directory: string): Readonly<Record<string, string>>;
}>;

let database: TestDatabase;
let servers: RunningServer[] = [];
const paths = { retell: '', stripe: '' };
const directories: ReturnType<typeof createTemporaryDirectory>[] = [];

function newDirectory(): string {
  const directory = createTemporaryDirectory();
  directories.push(directory);
  return directory.path;
}

async function startServers({ environment }: Transport): Promise<void> {
  database = await createTestDatabase();
  const masterKey = randomBytes(32);
  const orm = createOrm(database.appUrl, { logger: createLogger({ level: 'silent' }) });
  for (const [provider, account] of [
    ['retell', 'org_1'],
    ['stripe', 'acct_1'],
  ] as const) {
    const source = { provider, account, secrets: [SECRETS[provider]], mode: 'test' as const };
    paths[provider] = (await createSource({ orm, masterKey }, source)).path;
  }
  await orm.close(true);
  const env = {
    DATABASE_URL: database.appUrl,
    HOOKLEDGER_MASTER_KEY: masterKey.toString('base64'),
    PORT: '0',
    ...environment(newDirectory()),
  };
  const withDirectory = () => ({ ...env, HOOKLEDGER_DATA_DIR: newDirectory() });
  // Queues in PostgreSQL have to be made ready by its owner.
  await runCliForJson(['migrate'], { ...withDirectory(), DATABASE_URL: database.adminUrl });
  servers = await Promise.all(Array.from({ length: PROCESSES }, () => startServer([], withDirectory())));
}

/** Answers what each one printed. */
async function stopServers(): Promise<readonly string[]> {
  const ended = await Promise.all(servers.splice(0).map((server) => server.interrupt()));
  return ended.map(({ stdout }) => stdout);
}

function transports(): readonly Transport[] {
  const onPostgres: Transport = {
    name: 'PostgreSQL',
    queues: 'BullMQ on PostgreSQL',
    // Where no Redis is named, one on the PATH would be started.
    environment: (directory) => ({ PATH: directory }),
  };
  const { redisUrl } = readTestRun();
  if (redisUrl === undefined) {
    reportNotProven('several processes with their queues on Redis, for want of a Redis server');
    return [onPostgres];
  }
  // One Redis for all of them, in a database of its own.
  const url = new URL(redisUrl);
  url.pathname = '/9';
  const onRedis = { name: 'Redis', queues: 'BullMQ on Redis', environment: () => ({ REDIS_URL: url.href }) };
  return [onRedis, onPostgres];
}

/** Reports of calls and payments, several of each thing, in an order that mixes them. */
function reports(round: string): readonly Body[] {
  const body = (provider: Provider, value: object | undefined): Body => ({
    provider,
    bytes: Buffer.from(JSON.stringify(value)),
  });
  const calls = Array.from({ length: CALLS }, (_, index) =>
    ['call_started', 'call_ended', 'call_analyzed'].map((type) =>
      body('retell', retellSample(type, { key: `${round} ${index}`, durationMs: 60_000 })),
    ),
  );
  const payments = Array.from({ length: PAYMENTS }, (_, index) =>
    ['payment_intent.succeeded', 'charge.succeeded'].map((type) =>
      body(
        'stripe',
        stripeSample(type, { key: `${round} ${index}`, paymentIntentId: `pi_${round}_${index}`, totalMinor: 1_000 }),
      ),
    ),
  );
  return [...calls, ...payments].flat();
}

async function post(url: string, { provider, bytes }: Body): Promise<Answer> {
  const headers = signWebhook(provider, bytes, SECRETS[provider], Date.now());
  const response = await fetch(`${url}${paths[provider]}`, { method: 'POST', headers, body: new Uint8Array(bytes) });
  const text = await response.text();
  if (response.status !== 202) return { status: response.status, outcome: text, id: '' };
  const { status, id } = JSON.parse(text) as { status: string; id: string };
  return { status: response.status, outcome: status, id };
}

/** Sends each body to all processes at once, many bodies at a time; a process that died answers undefined. */
async function sendToAll(
  bodies: readonly Body[],
  onAnswered: (answered: number) => void = () => undefined,
): Promise<readonly (readonly (Answer | undefined)[])[]> {
  const answers: (readonly (Answer | undefined)[])[] = [];
  const waiting = bodies.entries();
  let answered = 0;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      for (const [index, body] of waiting) {
        answers[index] = await Promise.all(servers.map(({ url }) => post(url, body).catch(() => undefined)));
        answered += 1;
        onAnswered(answered);
      }
    }),
  );
  return answers;
}

async function rows(sql: string): Promise<readonly Record<string, unknown>[]> {
  return (await database.adminPool.query<Record<string, unknown>>(sql)).rows;
}

async function shardsByOwner(): Promise<number[]> {
  const held = await rows(
    `select count(*)::integer as shards from hookledger.leases
     where name like 'relay-%' and lease_until > clock_timestamp() group by owner order by 1`,
  );
  return held.map(({ shards }) => Number(shards));
}

/** Until nothing is under way; a job whose worker was killed comes back only when its lock has run out. */
async function untilHandled(): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await eventually(async () => {
        expect(
          await rows(
            `select (select count(*) from hookledger.outbox)::integer
               - (select count(*) from hookledger.inbox where outcome = 'done')::integer as open,
               (select count(*) from hookledger.projection_checkpoints
                where position < (select max(position) from hookledger.events))::integer as behind`,
          ),
        ).toEqual([{ open: 0, behind: 0 }]);
      });
      return;
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

describe.each(transports())('three processes on one database, with their queues on $name', (transport) => {
  beforeAll(() => startServers(transport), 120_000);
  afterAll(async () => {
    await stopServers();
    await database.drop();
    for (const directory of directories.splice(0)) directory.remove();
  }, 60_000);

  test('every answer is right, nothing is lost when one is killed, and the figures are right', async () => {
    await eventually(async () => expect(await shardsByOwner()).toEqual([4, 6, 6]));

    for (const answers of await sendToAll(reports('first'))) {
      expect(answers.map((answer) => answer?.status)).toEqual([202, 202, 202]);
      const outcomes = answers.map((answer) => answer?.outcome);
      expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(2);
      expect(outcomes.filter((outcome) => outcome === 'accepted' || outcome === 'unassigned')).toHaveLength(1);
      expect(new Set(answers.map((answer) => answer?.id)).size).toBe(1);
    }

    const [doomed] = servers;
    const bodies = reports('second');
    let killed: Promise<void> | undefined;
    const answers = await sendToAll(bodies, (answered) => {
      if (answered === Math.floor(bodies.length / 3)) killed = doomed?.kill();
    });
    await killed;
    servers = servers.filter((server) => server !== doomed);
    expect(answers.filter(([fromDoomed]) => fromDoomed === undefined).length).toBeGreaterThan(0);
    for (const [, ...others] of answers) expect(others.map((answer) => answer?.status)).toEqual([202, 202]);
    for (const each of answers) {
      const given = each.filter((answer) => answer !== undefined);
      expect(given.map(({ status }) => status)).toEqual(given.map(() => 202));
      expect(given.filter(({ outcome }) => outcome !== 'duplicate').length).toBeLessThanOrEqual(1);
      expect(new Set(given.map(({ id }) => id)).size).toBe(1);
    }

    const promised = new Set(answers.flatMap((each) => each.flatMap((answer) => answer?.id ?? [])));
    const kept = new Set((await rows('select id from hookledger.webhooks')).map(({ id }) => id));
    expect([...promised].filter((id) => !kept.has(id))).toEqual([]);
    expect(kept.size).toBe(2 * bodies.length);

    await eventually(async () => expect(await shardsByOwner()).toEqual([8, 8]));
    await untilHandled();
    expect(
      await rows(
        `select s.stream_key from hookledger.streams s join hookledger.events e using (stream_key)
       group by s.stream_key, s.version
       having count(*) <> s.version or min(e.version) <> 1 or max(e.version) <> s.version
         or count(distinct e.version) <> s.version`,
      ),
    ).toEqual([]);
    expect(await rows('select count(*)::integer as dead from hookledger.dead_letters')).toEqual([{ dead: 0 }]);
    expect(
      await rows(
        `select (select trim_scale(sum(quantity))::text from hookledger.usage_sums_v1 where meter = 'call_seconds') as seconds,
         (select trim_scale(sum(amount))::text from hookledger.payment_lines_v1) as collected`,
      ),
    ).toEqual([{ seconds: String(2 * CALLS * 60), collected: String(2 * PAYMENTS * 10) }]);

    for (const printed of await stopServers()) expect(printed).toContain(transport.queues);
  }, 240_000);
});
