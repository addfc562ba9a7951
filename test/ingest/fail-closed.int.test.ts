import { createHash, createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PROVIDERS } from '../../src/app.ts';
import type { IngestResult } from '../../src/ingest/ingest-webhook.ts';
import type { SignatureFault } from '../../src/ingest/provider.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import type { AnyProvider, EveryProvider, SignedWebhook } from '../support/every-provider.ts';
import { createEveryProvider, EVERY_PROVIDER, NOW, ORIGIN } from '../support/every-provider.ts';

let database: TestDatabase;
let rig: EveryProvider;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = await createEveryProvider(database);
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

type Headers = Readonly<Record<string, readonly string[]>>;
type Sent = Readonly<{ url: string; headers: Headers; body: Buffer }>;
type Case = Readonly<{ what: string; cause: SignatureFault; detail?: RegExp; send(provider: AnyProvider): Sent }>;

/** The header that the signature is in. */
const SIGNATURE_HEADERS: Readonly<Record<AnyProvider, string>> = {
  stripe: 'stripe-signature',
  retell: 'x-retell-signature',
  gohighlevel: 'x-ghl-signature',
  twilio: 'x-twilio-signature',
  'standard-webhooks': 'webhook-signature',
  custom: 'x-sample-signature',
};
/** The others sign no time. */
const SIGN_A_TIME: ReadonlySet<AnyProvider> = new Set(['stripe', 'retell', 'standard-webhooks', 'custom']);
const TOLERANCE_MS = 300_000;

/** A body that nothing else here has. */
function newBody(provider: AnyProvider): Buffer {
  const id = randomBytes(8).toString('hex');
  return Buffer.from(provider === 'twilio' ? `CallSid=${id}&CallStatus=ringing` : JSON.stringify({ id, type: 'x' }));
}

function listed({ url, headers, body }: SignedWebhook): Sent {
  return { url, body, headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) };
}

function signed(provider: AnyProvider, options: Parameters<EveryProvider['sign']>[2] = {}): Sent {
  return listed(rig.sign(provider, newBody(provider), options));
}

/** Signed as it should be, and then with other values of one header; none at all leaves it out. */
function withHeader(provider: AnyProvider, change: (value: string, sent: Sent) => readonly string[], name?: string) {
  const sent = signed(provider);
  const header = name ?? SIGNATURE_HEADERS[provider];
  const { [header]: [value = ''] = [], ...others } = sent.headers;
  const values = change(value, sent);
  return { ...sent, headers: values.length === 0 ? others : { ...others, [header]: values } };
}

const everywhere: readonly Case[] = [
  { what: 'has no signature', cause: 'missing-signature', send: (provider) => withHeader(provider, () => []) },
  { what: 'has an empty one', cause: 'missing-signature', send: (provider) => withHeader(provider, () => ['']) },
  { what: 'has a blank one', cause: 'missing-signature', send: (provider) => withHeader(provider, () => ['  ']) },
  {
    what: 'has the right one twice',
    cause: 'doubled-signature',
    send: (provider) => withHeader(provider, (value) => [value, value]),
  },
  {
    what: 'has a wrong one before the right one',
    cause: 'doubled-signature',
    send: (provider) => withHeader(provider, (value) => ['x', value]),
  },
  { what: 'has a word for one', cause: 'malformed-signature', send: (provider) => withHeader(provider, () => ['ok']) },
  {
    what: 'was changed on the way',
    cause: 'wrong-signature',
    send(provider) {
      const sent = signed(provider);
      return { ...sent, body: Buffer.concat([sent.body, Buffer.from(' ')]) };
    },
  },
  {
    what: 'lost its body',
    cause: 'wrong-signature',
    send: (provider) => ({ ...signed(provider), body: Buffer.alloc(0) }),
  },
  {
    what: 'is signed with the secret of another source',
    cause: 'wrong-signature',
    send: (provider) => signed(provider, { withSecretOf: 'other' }),
  },
];

const timed: readonly Case[] = [
  {
    what: 'is older than the tolerance',
    cause: 'expired-signature',
    send: (provider) => signed(provider, { atMs: NOW.getTime() - TOLERANCE_MS - 1000 }),
  },
  {
    what: 'is of a later time than the tolerance',
    cause: 'future-signature',
    send: (provider) => signed(provider, { atMs: NOW.getTime() + TOLERANCE_MS + 1000 }),
  },
];

const json = Buffer.from('[{"id":"EZ1","type":"com.twilio.x"}]');

/** Other schemes than the one in force, and weaker ones. */
const downgrades: Readonly<Record<AnyProvider, readonly Case[]>> = {
  stripe: [
    schemeOf('v0 only', 'malformed-signature', 'stripe', (value) => value.replace('v1=', 'v0=')),
    schemeOf('no time', 'malformed-signature', 'stripe', (value) => value.replace(/^t=\d+,/, '')),
    schemeOf('two times', 'malformed-signature', 'stripe', (value) => `t=1,${value}`),
    schemeOf('another time', 'wrong-signature', 'stripe', (value) => value.replace(/^t=\d+/, 't=1795514399')),
    schemeOf('a short digest', 'malformed-signature', 'stripe', (value) => value.slice(0, -24)),
  ],
  retell: [
    schemeOf('the digest alone', 'malformed-signature', 'retell', (value) => value.replace(/^v=\d+,d=/, '')),
    schemeOf('no time', 'malformed-signature', 'retell', (value) => value.replace(/^v=\d+,/, '')),
    schemeOf('another time', 'wrong-signature', 'retell', (value) => value.replace(/^v=\d/, 'v=2')),
    schemeOf('two digests', 'malformed-signature', 'retell', (value) => `${value},${value.split(',')[1]}`),
  ],
  gohighlevel: [
    schemeOf('N/A', 'missing-signature', 'gohighlevel', () => 'N/A'),
    {
      what: 'has the older signature only',
      cause: 'missing-signature',
      detail: /x-wh-signature/,
      send(provider) {
        const { headers, ...sent } = signed(provider);
        const { 'x-ghl-signature': value = [], ...others } = headers;
        return { ...sent, headers: { ...others, 'x-wh-signature': value } };
      },
    },
    schemeOf('an HMAC', 'malformed-signature', 'gohighlevel', (_, { body }) => hmac('sha256', body).toString('base64')),
  ],
  twilio: [
    schemeOf('SHA-256', 'malformed-signature', 'twilio', (_, { body }) => hmac('sha256', body).toString('base64')),
    schemeOf('hex', 'malformed-signature', 'twilio', (value) => Buffer.from(value, 'base64').toString('hex')),
    {
      what: 'is JSON other than the hash in its address',
      cause: 'wrong-signature',
      send: () => ({ ...listed(rig.sign('twilio', json)), body: Buffer.from('[{"id":"EZ2","type":"com.twilio.y"}]') }),
    },
    {
      what: 'is JSON without its hash in the address',
      cause: 'wrong-signature',
      send() {
        const sent = listed(rig.sign('twilio', json));
        return { ...sent, url: sent.url.replace(/\?.*/, '') };
      },
    },
    {
      what: 'is a form passed off as JSON',
      cause: 'wrong-signature',
      send(provider) {
        const sent = signed(provider);
        return { ...sent, url: `${sent.url}?bodySHA256=${createHash('sha256').update(sent.body).digest('hex')}` };
      },
    },
  ],
  'standard-webhooks': [
    schemeOf('v2', 'malformed-signature', 'standard-webhooks', (value) => value.replace('v1,', 'v2,')),
    schemeOf('v1a without a key for it', 'wrong-signature', 'standard-webhooks', (value) => value.replace('v1', 'v1a')),
    schemeOf('no version', 'malformed-signature', 'standard-webhooks', (value) => value.replace('v1,', '')),
    {
      what: 'has no id',
      cause: 'missing-signature',
      send: (provider) => withHeader(provider, () => [], 'webhook-id'),
    },
    {
      what: 'has another id',
      cause: 'wrong-signature',
      send: (provider) => withHeader(provider, () => ['msg_other'], 'webhook-id'),
    },
    {
      what: 'has two ids',
      cause: 'doubled-signature',
      send: (provider) => withHeader(provider, (value) => [value, value], 'webhook-id'),
    },
    {
      what: 'has no time',
      cause: 'missing-signature',
      send: (provider) => withHeader(provider, () => [], 'webhook-timestamp'),
    },
    {
      what: 'has the headers of two families',
      cause: 'doubled-signature',
      send: (provider) => withHeader(provider, () => ['v1,x'], 'svix-signature'),
    },
  ],
  custom: [
    schemeOf('another name', 'malformed-signature', 'custom', (value) => value.replace('v1=', 'v0=')),
    schemeOf('no time', 'malformed-signature', 'custom', (value) => value.replace(/^t=\d+,/, '')),
    schemeOf('another time', 'wrong-signature', 'custom', (value) => value.replace(/^t=\d+/, 't=1795514399')),
    schemeOf('SHA-1', 'wrong-signature', 'custom', (value, { body }) =>
      value.replace(/[0-9a-f]+$/, hmac('sha1', body).toString('hex')),
    ),
    schemeOf('no hex', 'malformed-signature', 'custom', (value) => `${value}=`),
  ],
};

function schemeOf(
  what: string,
  cause: SignatureFault,
  provider: AnyProvider,
  change: (value: string, sent: Sent) => string,
): Case {
  return { what: `is signed with ${what}`, cause, send: () => withHeader(provider, (...given) => [change(...given)]) };
}

function hmac(algorithm: string, body: Buffer): Buffer {
  return createHmac(algorithm, 'secret').update(body).digest();
}

function receive(provider: AnyProvider, sent: Sent, sourceId = rig.sourceId(provider)): Promise<IngestResult> {
  return rig.ingest({ method: 'POST', receivedAt: NOW, ...sent }, { provider, sourceId });
}

/** Refused for that cause, with a record of it, and nothing else is kept. */
async function expectRefused(
  provider: AnyProvider,
  sent: Sent,
  cause: SignatureFault,
  sourceId = rig.sourceId(provider),
): Promise<string | null> {
  const before = await webhookCount();
  expect(await receive(provider, sent, sourceId)).toEqual({ kind: 'rejected', cause });
  await rig.rejections.flush();
  const { rows } = await database.adminPool.query<{ detail: string | null }>(
    `select provider, source_id, cause, detail, header_names, body_bytes, encode(body_hash, 'hex') as body_hash
     from hookledger.rejections order by rejected_at desc, slot desc limit 1`,
  );
  expect(rows).toMatchObject([
    {
      provider,
      source_id: sourceId,
      cause,
      header_names: Object.keys(sent.headers),
      body_bytes: sent.body.length,
      body_hash: createHash('sha256').update(sent.body).digest('hex'),
    },
  ]);
  expect(await webhookCount()).toBe(before);
  return rows[0]?.detail ?? null;
}

async function webhookCount(): Promise<number> {
  const { rows } = await database.adminPool.query<{ count: number }>(
    'select count(*)::int as count from hookledger.webhooks',
  );
  return rows[0]?.count ?? -1;
}

test('every provider of the application is held to this', () => {
  expect(PROVIDERS.map(({ name }) => name).toSorted()).toEqual([...EVERY_PROVIDER].toSorted());
});

describe.each(EVERY_PROVIDER)('a webhook of %s', (provider) => {
  const tellsTime = SIGN_A_TIME.has(provider);
  const cases = [...everywhere, ...(tellsTime ? timed : []), ...downgrades[provider]];

  test.each(cases)('that $what is refused', async ({ cause, detail, send }) => {
    const told = await expectRefused(provider, send(provider), cause);
    if (detail !== undefined) expect(told).toMatch(detail);
  });

  test('to a source that has no secret yet is refused, whoever signed it', async () => {
    const sourceId = rig.sourceId(provider, 'secretless');
    await expectRefused(provider, signed(provider, { to: 'secretless' }), 'no-secret-configured', sourceId);
    const unsigned = { ...signed(provider), headers: {} };
    // A public key is looked for only once there is something to verify with it.
    const cause = provider === 'gohighlevel' ? 'missing-signature' : 'no-secret-configured';
    await expectRefused(provider, unsigned, cause, sourceId);
  });

  test('that is signed as it should be is taken, also at the bounds of the tolerance', async () => {
    for (const atMs of [0, ...(tellsTime ? [-TOLERANCE_MS, TOLERANCE_MS] : [])]) {
      const sent = signed(provider, { atMs: NOW.getTime() + atMs });
      expect(await receive(provider, sent)).toMatchObject({ kind: 'recorded' });
    }
  });
});

test('a webhook of Twilio to another address than the source has leaves a record of the one that was checked', async () => {
  const sent = signed('twilio', { origin: 'https://user:pass@old.example.com' });
  const detail = await expectRefused('twilio', sent, 'wrong-signature');
  expect(detail).toContain(`${ORIGIN}${sent.url}`);
  expect(detail).not.toContain('pass');
});
