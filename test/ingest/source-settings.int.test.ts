import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import type { SampleProvider } from '../../src/dev/samples/sample-webhook.ts';
import { createIngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import type { IngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import { custom } from '../../src/ingest/providers/custom.ts';
import { retell } from '../../src/ingest/providers/retell.ts';
import { standardWebhooks } from '../../src/ingest/providers/standard-webhooks.ts';
import { stripe } from '../../src/ingest/providers/stripe.ts';
import type { RejectionLog } from '../../src/ingest/rejection-log.ts';
import { createRejectionLog } from '../../src/ingest/rejection-log.ts';
import { createWebhookRecorder } from '../../src/ingest/webhook-recorder.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import type { Source } from '../../src/tenants/source.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { sourceOf } from './providers/webhook.ts';

const SECRET = 'whsec_YSBzZWNyZXQ=';

let database: TestDatabase;
let rejections: RejectionLog;
let ingest: IngestWebhook;
const sources = new Map<string, Source>();

beforeAll(async () => {
  database = await createTestDatabase();
  const logger = createLogger({ level: 'silent' });
  const { pool } = database;
  rejections = createRejectionLog({ pool, logger });
  ingest = createIngestWebhook({
    providers: [stripe, retell, standardWebhooks, custom],
    sources: { find: (id) => Promise.resolve(sources.get(id)) },
    tenants: { resolve: () => Promise.resolve(undefined) },
    recorder: createWebhookRecorder({ pool, logger, onRecorded: () => undefined }),
    rejections,
    clock: systemClock,
    newId: uuidv7,
    logger,
  });
});
afterAll(async () => {
  await rejections.close();
  await database.drop();
});

function receive(source: Source, body: Buffer, headers: Readonly<Record<string, string>>) {
  sources.set(source.id, source);
  const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const request = { method: 'POST', url: '/', headers: lists, body, receivedAt: new Date() };
  return ingest(request, { provider: source.provider, sourceId: source.id });
}

const receiveSample = (provider: SampleProvider, body: object, settings: Source['settings']) => {
  const bytes = Buffer.from(JSON.stringify(body));
  const source = sourceOf(provider, { id: randomUUID(), secrets: [SECRET], settings });
  return receive(source, bytes, signWebhook(provider, bytes, SECRET, Date.now()));
};

async function webhook(id: string): Promise<Record<string, unknown> | undefined> {
  const { rows } = await database.adminPool.query<Record<string, unknown>>(
    `select w.status, w.books, w.headers, w.provider_type,
       array(select e.books from hookledger.events e where e.webhook_id = w.id) as event_books
     from hookledger.webhooks w where id = $1`,
    [id],
  );
  return rows[0];
}

const idOf = (result: Awaited<ReturnType<typeof receive>>) => (result.kind === 'recorded' ? result.webhookId : '');

test('the money of a connected account is in the books of a tenant, whatever the books of the source are', async () => {
  const settings = { connectedAccounts: ['acct_2'] };
  const connected = stripeSample('payment_intent.succeeded', { key: 'theirs', connectedAccount: 'acct_2' }) ?? {};
  const theirs = await receiveSample('stripe', connected, settings);
  expect(await webhook(idOf(theirs))).toMatchObject({ books: 'tenant', event_books: ['tenant'] });
  const ours = await receiveSample('stripe', stripeSample('payment_intent.succeeded', { key: 'ours' }) ?? {}, settings);
  expect(await webhook(idOf(ours))).toMatchObject({ books: 'platform', event_books: ['platform'] });
});

test('Retell is answered the same again when it asks again', async () => {
  const settings = { inbound: { dynamic_variables: { company: 'Acme' } } };
  const question = { event: 'call_inbound', call_inbound: { call_id: 'call_1', to_number: '+12025550198' } };
  const answer = {
    status: 200,
    contentType: 'application/json',
    body: '{"call_inbound":{"dynamic_variables":{"company":"Acme"}}}',
  };
  const first = await receiveSample('retell', question, settings);
  const second = await receiveSample('retell', question, settings);
  expect(first).toMatchObject({ outcome: 'accepted', answer });
  expect(second).toMatchObject({ outcome: 'duplicate', answer });
});

test('a webhook by a custom scheme is kept with the headers that its signature needs, and no others', async () => {
  const settings = {
    header: 'Authorization',
    pattern: '^HMAC (?<signature>.+)$',
    algorithm: 'hmac-sha256',
    encoding: 'base64',
    signedContent: '{header:X-Nonce}.{body}',
    idPath: 'header:X-Delivery',
  };
  const body = Buffer.from('{"type":"ping"}');
  const signature = createHmac('sha256', SECRET).update('7.').update(body).digest('base64');
  const headers = { authorization: `HMAC ${signature}`, 'x-nonce': '7', 'x-delivery': 'd-1', 'x-forwarded-for': '::1' };
  const source = sourceOf('custom', { id: 'src_custom', secrets: [SECRET], settings });
  const result = await receive(source, body, headers);
  expect(result).toMatchObject({ kind: 'recorded', outcome: 'accepted' });
  const { 'x-forwarded-for': _, ...needed } = headers;
  const kept = Object.fromEntries(Object.entries(needed).map(([name, value]) => [name, [value]]));
  expect(await webhook(idOf(result))).toMatchObject({ provider_type: 'ping', headers: kept });

  const forged = await receive(source, Buffer.from('{}'), headers);
  expect(forged).toEqual({ kind: 'rejected', cause: 'wrong-signature' });
  expect(await receive(source, body, headers)).toMatchObject({ outcome: 'duplicate' });
});

test('a Standard Webhooks sender that tries again, signed anew, is a duplicate', async () => {
  const body = Buffer.from('{"type":"ping"}');
  const source = sourceOf('standard-webhooks', { id: 'src_standard', secrets: [SECRET] });
  const signedAt = (ms: number) => signWebhook('standard-webhooks', body, SECRET, ms);
  expect(await receive(source, body, signedAt(Date.now() - 5_000))).toMatchObject({ outcome: 'accepted' });
  expect(await receive(source, body, signedAt(Date.now()))).toMatchObject({ outcome: 'duplicate' });
});
