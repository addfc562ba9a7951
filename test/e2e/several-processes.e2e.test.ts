import { afterAll, beforeAll, expect, test } from '@jest/globals';
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
import { readTestRun } from '../support/test-run.ts';

const PROCESSES = 3;
const CALLS = 30;
const PAYMENTS = 20;
const IN_FLIGHT = 15;
const SECRETS = { retell: 'key_several', stripe: 'whsec_several' } as const;

type Provider = keyof typeof SECRETS;
type Body = Readonly<{ provider: Provider; bytes: Buffer }>;
type Answer = Readonly<{ status: number; outcome: string; id: string }>;

let database: TestDatabase;
let servers: RunningServer[];
const paths = { retell: '', stripe: '' };
const directories: ReturnType<typeof createTemporaryDirectory>[] = [];

beforeAll(async () => {
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
    ...sharedQueues(),
  };
  const newDirectory = () => {
    const directory = createTemporaryDirectory();
    directories.push(directory);
    return { HOOKLEDGER_DATA_DIR: directory.path };
  };
  // Where there is no Redis, the queues are in PostgreSQL, and its owner has to make them ready.
  await runCliForJson(['migrate'], { ...env, ...newDirectory(), DATABASE_URL: database.adminUrl });
  servers = await Promise.all(Array.from({ length: PROCESSES }, () => startServer([], { ...env, ...newDirectory() })));
}, 120_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.interrupt()));
  await database.drop();
  for (const directory of directories) directory.remove();
}, 60_000);

/** One Redis for all of them, in a database of its own. */
function sharedQueues(): Record<string, string> {
  const { redisUrl } = readTestRun();
  if (redisUrl === undefined) return {};
  const url = new URL(redisUrl);
  url.pathname = '/9';
  return { REDIS_URL: url.href };
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

test('three processes on one database: every answer right, nothing lost when one is killed, figures right', async () => {
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
}, 240_000);
