import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { SampleProvider } from '../../src/dev/samples/sample-webhook.ts';
import { encodeSample, sampleTypes, sampleWebhook } from '../../src/dev/samples/sample-webhook.ts';
import type { IngestResult } from '../../src/ingest/ingest-webhook.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import type { AnyProvider, EveryProvider } from '../support/every-provider.ts';
import { createEveryProvider, EVERY_PROVIDER } from '../support/every-provider.ts';
import type { StartedServer } from './http-setup.ts';
import { startServer } from './http-setup.ts';

/** Set it to the seed that a failed run has printed, to see the same bodies again. */
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
const RUNS = 250;

let database: TestDatabase;
let rig: EveryProvider;
let server: StartedServer;
/** What the use case said of each webhook that it took. */
const results: IngestResult[] = [];

beforeAll(async () => {
  console.info(`fuzz seed: FUZZ_SEED=${seed}`);
  database = await createTestDatabase();
  rig = await createEveryProvider(database);
  server = await startServer({
    ingestWebhook: async (request, address) => {
      const result = await rig.ingest(request, address);
      results.push(result);
      return result;
    },
  });
});
afterAll(async () => {
  await server.close();
  await rig.close();
  await database.drop();
});

/** A text with a NUL, a lone surrogate or anything else in it. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', 'a\0b', '\ud800', '\udc00x', '\ufeff', '\u2028', '__proto__', 'constructor', '%00', '%ZZ'),
);

/** A JSON number, also one that no double holds. */
const number = fc.constantFrom('0', '-0', '1e400', '-1e400', '1e-400', '9'.repeat(400), '0.1', `${2 ** 53}1`, '1e21');

const nesting = fc
  .constantFrom<[string, string]>(['[', ']'], ['{"a":', '}'], ['{"data":{"object":', '}}'])
  .map(([open, close]) => `${open.repeat(1_000)}1${close.repeat(1_000)}`);

const json = fc.oneof(
  fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.stringify(value)),
  number,
  nesting,
);

/** A real body of the provider in which one value was replaced: the shape is known, and something is wrong with it. */
function mutated(provider: SampleProvider): fc.Arbitrary<Buffer> {
  return fc
    .tuple(
      sampleOf(provider),
      fc.nat(),
      fc.oneof(
        json,
        text.map((word) => JSON.stringify(word)),
      ),
    )
    .map(([sample, index, value]) => {
      const values = [...sample.toString().matchAll(/(?<=":)("[^"]*"|-?\d[\d.]*|true|false|null)/g)];
      const hit = values[index % Math.max(values.length, 1)];
      if (hit === undefined) return sample;
      const start = sample.toString().slice(0, hit.index);
      return Buffer.from(`${start}${value}${sample.toString().slice(hit.index + hit[0].length)}`);
    });
}

/** Names a thing that no other run is about, and the same one for the same seed. */
const key = fc.noBias(fc.uuid());

function sampleOf(provider: SampleProvider, type = fc.constantFrom(...sampleTypes(provider))): fc.Arbitrary<Buffer> {
  return fc
    .tuple(type, key)
    .map(([name, unique]) => sampleWebhook(provider, name, { key: unique, accountSid: 'account_ours' }))
    .map((body) => encodeSample(provider, body ?? {}));
}

const truncated = (body: fc.Arbitrary<Buffer>) =>
  fc
    .tuple(body, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([bytes, share]) => bytes.subarray(0, share * bytes.length));

/** Names come once: what Twilio signs of one that comes twice is for the tests of its signature. */
const form = fc
  .dictionary(
    fc.oneof(
      text,
      fc.constantFrom(
        'CallSid',
        'CallStatus',
        'MessageSid',
        'MessageStatus',
        'Timestamp',
        'NumSegments',
        'RecordingSid',
        'CallDuration',
      ),
    ),
    text,
  )
  .map((fields) => Buffer.from(new URLSearchParams(Object.entries(fields)).toString()));

/** Written as no library would. */
const oddForm = fc
  .shuffledSubarray(
    'a=%00 b=%ZZ c=%FF%FE d e= f=1=2 g=+ %68=1 ;i=1 CallSid=%00 CallStatus=ringing MessageSid=%ED%A0%80 SmsStatus=sent'.split(
      ' ',
    ),
  )
  .map((parts) => Buffer.from(parts.join('&')));

const mutatedForm = fc.tuple(sampleOf('twilio'), fc.nat(), text).map(([sample, index, value]) => {
  const fields = new URLSearchParams(sample.toString());
  const names = [...fields.keys()];
  fields.set(names[index % names.length] ?? 'CallSid', value);
  return Buffer.from(fields.toString());
});

const badMember = fc.oneof(
  json,
  fc.constantFrom(
    '{"id":7,"type":"com.twilio.x"}',
    '{"type":null}',
    '[[]]',
    '{"id":"EZ1","type":"com.twilio.messaging.message.sent","data":{"messageSid":[]}}',
  ),
);

/** Event Streams: a real event before a bad member, and one after it. */
const realEvent = sampleOf('twilio', fc.constant('com.twilio.messaging.message.sent')).map((list) =>
  list.subarray(1, -1),
);
const batch = fc
  .tuple(realEvent, badMember, realEvent)
  .map(([before, bad, after]) => Buffer.from(`[${before.toString()},${bad},${after.toString()}]`));

function bodiesOf(provider: AnyProvider): fc.Arbitrary<Buffer> {
  const bytes = json.map((word) => Buffer.from(word));
  const raw = fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each));
  if (provider === 'custom') return fc.oneof(bytes, raw, truncated(bytes));
  const real = sampleOf(provider);
  if (provider !== 'twilio') return fc.oneof(bytes, raw, mutated(provider), truncated(real));
  // What begins as JSON is signed by its hash.
  return fc.oneof(
    form,
    oddForm,
    mutatedForm,
    truncated(real),
    batch,
    mutated('twilio'),
    bytes.map((each) => Buffer.concat([Buffer.from('['), each, Buffer.from(']')])),
  );
}

async function post(provider: AnyProvider, body: Buffer): Promise<Response> {
  const { url, headers } = rig.sign(provider, body);
  return fetch(server.url + url, { method: 'POST', headers, body: new Uint8Array(body) });
}

/** Taken, and every byte of it is in the database. */
async function expectKept(provider: AnyProvider, body: Buffer): Promise<Extract<IngestResult, { kind: 'recorded' }>> {
  const from = results.length;
  const response = await post(provider, body);
  await response.arrayBuffer();
  expect(response.status).toBeGreaterThanOrEqual(200);
  expect(response.status).toBeLessThan(300);
  const result = results[from];
  if (result?.kind !== 'recorded') throw new Error('It was answered, and not recorded.');
  const { rows } = await database.adminPool.query<{ body: Buffer }>(
    'select body from hookledger.webhooks where id = $1::uuid',
    [result.webhookId],
  );
  expect(rows).toHaveLength(1);
  // A duplicate may differ in what is volatile; what it repeats is kept.
  if (result.outcome !== 'duplicate') expect(rows[0]?.body.equals(body)).toBe(true);
  return result;
}

async function eventTypes(webhookId: string): Promise<readonly string[]> {
  const { rows } = await database.adminPool.query<{ type: string }>(
    'select type from hookledger.events where webhook_id = $1::uuid order by position',
    [webhookId],
  );
  return rows.map(({ type }) => type);
}

describe('whatever is signed is kept byte for byte, and nothing is answered 5xx', () => {
  test.each(EVERY_PROVIDER)('for %s', async (provider) => {
    await fc.assert(
      fc.asyncProperty(bodiesOf(provider), async (body) => void (await expectKept(provider, body))),
      { seed, numRuns: RUNS, endOnFailure: true },
    );
    expect(server.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('for a form of 10,000 parameters', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `p${index}`);
    await expectKept('twilio', Buffer.from(names.map((name) => `${name}=`).join('&')));
    await expectKept('twilio', Buffer.from(['CallSid=CA1', 'CallStatus=ringing', ...names.slice(2)].join('&')));
  });

  test('for a batch of Event Streams with one bad member, whose neighbours are mapped', async () => {
    await fc.assert(
      fc.asyncProperty(batch, async (body) => {
        const { outcome, webhookId } = await expectKept('twilio', body);
        expect(outcome).toBe('unmapped');
        const types = await eventTypes(webhookId);
        expect([types[0], types.at(-1)]).toEqual(['MessageSent', 'MessageSent']);
        expect(types.slice(1, -1)).toEqual(['ProviderEventReceived']);
      }),
      { seed, numRuns: 50, endOnFailure: true },
    );
  });
});
