import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encodeSample } from '../../../src/dev/samples/sample-webhook.ts';
import { twilioSample } from '../../../src/dev/samples/twilio-samples.ts';
import type { TwilioSample } from '../../../src/dev/samples/twilio-story.ts';
import { sid } from '../../../src/dev/samples/twilio-story.ts';
import { signWebhook, webhookQuery } from '../../../src/dev/sign-webhook.ts';
import { appendEvents } from '../../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../../src/event-store/high-water-mark.ts';
import { createIngestWebhook } from '../../../src/ingest/ingest-webhook.ts';
import type { IngestResult } from '../../../src/ingest/ingest-webhook.ts';
import { twilio } from '../../../src/ingest/providers/twilio.ts';
import { createRejectionLog } from '../../../src/ingest/rejection-log.ts';
import { createWebhookRecorder } from '../../../src/ingest/webhook-recorder.ts';
import { systemClock as clock } from '../../../src/platform/clock.ts';
import { uuidv7 } from '../../../src/platform/ids.ts';
import { createLogger } from '../../../src/platform/logger.ts';
import { createProjectionRunner } from '../../../src/projections/run-projection.ts';
import { usageProjection } from '../../../src/projections/usage-projection.ts';
import { addAccountMapping } from '../../../src/tenants/add-account-mapping.ts';
import { createSource } from '../../../src/tenants/create-source.ts';
import { createTenant } from '../../../src/tenants/create-tenant.ts';
import { createOrm } from '../../../src/tenants/orm.ts';
import { createSourceCatalogue } from '../../../src/tenants/source-catalogue.ts';
import { createTenantResolver } from '../../../src/tenants/tenant-resolver.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import { ACCOUNT, ORIGIN, TOKEN } from './twilio-requests.ts';

const OURS = '+12025550198';
const THEIRS = '+12025550199';
const VOICE_TWIML = '<Response><Say>Good morning</Say></Response>';

let database: TestDatabase;
let rig: Awaited<ReturnType<typeof createRig>>;

/** The ingest of a source of Twilio, two tenants with a number each, and the usage fold on demand. */
async function createRig({ pool, appUrl }: TestDatabase) {
  const logger = createLogger({ level: 'silent' });
  const orm = createOrm(appUrl, { logger });
  const masterKey = randomBytes(32);
  const tenants = [await createTenant({ orm }, { name: 'One' }), await createTenant({ orm }, { name: 'Two' })] as const;
  const source = await createSource(
    { orm, masterKey },
    {
      provider: 'twilio',
      account: ACCOUNT,
      secrets: [TOKEN],
      mode: 'test',
      publicUrl: ORIGIN,
      settings: { voiceTwiml: VOICE_TWIML },
    },
  );
  for (const [index, externalId] of [OURS, THEIRS].entries()) {
    await addAccountMapping(
      { pool, appendEvents, clock, newId: uuidv7 },
      { provider: 'twilio', account: ACCOUNT, externalId, tenantId: tenants[index]?.id ?? '' },
    );
  }
  const rejections = createRejectionLog({ pool, logger });
  const ingest = createIngestWebhook({
    providers: [twilio],
    sources: createSourceCatalogue({ pool, masterKey, clock }),
    tenants: createTenantResolver({ pool, clock }),
    recorder: createWebhookRecorder({ pool, logger, onRecorded: () => undefined }),
    rejections,
    clock,
    newId: uuidv7,
    logger,
  });
  const tracker = createHighWaterMarkTracker({ pool, logger, owner: 'twilio' });
  const runner = createProjectionRunner({ pool, projection: usageProjection, logger, clock, batchSize: 100 });
  return {
    tenantIds: tenants.map(({ id }) => id),
    rejections,
    path: source.path,
    receive(body: object, { origin = ORIGIN } = {}): Promise<IngestResult> {
      const bytes = encodeSample('twilio', body);
      const signed = signWebhook('twilio', bytes, TOKEN, Date.now(), `${origin}${source.path}`);
      const headers = Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, [value]]));
      const url = `${source.path}${webhookQuery('twilio', bytes)}`;
      const request = { method: 'POST', url, headers, body: bytes, receivedAt: new Date() };
      return ingest(request, { provider: 'twilio', sourceId: source.id });
    },
    async fold() {
      await tracker.tick();
      while ((await runner.tick()).moved) continue;
    },
    async close() {
      await rejections.close();
      await tracker.close();
      await orm.close(true);
    },
  };
}

beforeAll(async () => {
  database = await createTestDatabase();
  rig = await createRig(database);
});
afterAll(async () => {
  await rig.close();
  await database.drop();
});

const send = (type: string, sample: TwilioSample = {}) => rig.receive(twilioSample(type, sample) ?? {});

async function rows(sql: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> {
  return (await database.adminPool.query<Record<string, unknown>>(sql, [...values])).rows;
}

const eventsOf = (result: IngestResult) =>
  rows(`select type, tenant_id, external_id from hookledger.events where webhook_id = $1 order by position`, [
    result.kind === 'recorded' ? result.webhookId : null,
  ]);

const factsOf = (externalId: string) =>
  rows(
    `select kind, meter, quantity::text, cost::text as cost, tenant_id from hookledger.usage_facts_v1
     where stream_key like '%/' || $1::text order by kind, meter`,
    [externalId],
  );

describe('Twilio', () => {
  test('is answered the same, whether a request is new or a duplicate', async () => {
    const answer = { status: 200, contentType: 'text/xml', body: VOICE_TWIML };
    expect(await send('call.request', { key: 'ring' })).toMatchObject({ outcome: 'accepted', answer });
    expect(await send('call.request', { key: 'ring' })).toMatchObject({ outcome: 'duplicate', answer });
    expect(await send('call.completed', { key: 'ring' })).toMatchObject({
      outcome: 'accepted',
      answer: { status: 204 },
    });
  });

  test('sends a batch whose events go to their tenants in one, though one of them is bad', async () => {
    const list = [
      twilioSample('com.twilio.messaging.message.sent', { key: 'batch-1', ourNumber: OURS }),
      [{ id: 'EZ0', type: 7 }],
      twilioSample('com.twilio.messaging.message.sent', { key: 'batch-2', ourNumber: THEIRS }),
      twilioSample('com.twilio.messaging.message.sent', { key: 'batch-3', ourNumber: '+12025550100' }),
    ].flat();
    const result = await rig.receive(list);
    expect(result).toMatchObject({ outcome: 'unmapped', answer: { status: 204 } });
    expect(await eventsOf(result)).toMatchObject([
      { type: 'MessageSent', tenant_id: rig.tenantIds[0], external_id: sid('SM', 'batch-1') },
      { type: 'ProviderEventReceived', tenant_id: 'unassigned' },
      { type: 'MessageSent', tenant_id: rig.tenantIds[1], external_id: sid('SM', 'batch-2') },
      { type: 'MessageSent', tenant_id: 'unassigned' },
    ]);
    expect(await rig.receive(list)).toMatchObject({ outcome: 'duplicate' });
  });

  test('counts a message once, by the report that tells its segments, and what it cost', async () => {
    const key = 'message';
    const events = 'com.twilio.messaging.message.';
    await send('message.queued', { key });
    await send(`${events}sent`, { key, segments: 3 });
    await send('message.sent', { key });
    await send('message.delivered', { key });
    await send(`${events}delivered`, { key, segments: 3, price: '-0.02490' });
    await rig.fold();
    expect(await factsOf(sid('SM', key))).toMatchObject([
      { kind: 'cost', meter: 'sms', cost: '0.0249', tenant_id: rig.tenantIds[0] },
      { kind: 'usage', meter: 'message_segments', quantity: '3', tenant_id: rig.tenantIds[0] },
    ]);
  });

  test('counts both legs of a call, each once, with their recording', async () => {
    const key = 'legs';
    const leg = sid('CA', key, 'leg');
    await send('call.completed', {
      key,
      callSid: leg,
      durationSeconds: 46,
      fields: { ParentCallSid: sid('CA', key), Direction: 'outbound-dial' },
    });
    await send('call.dial-action', { key, durationSeconds: 45 });
    await send('recording.completed', { key, durationSeconds: 44 });
    await send('call.completed', { key, durationSeconds: 60, fields: { Direction: 'inbound' } });
    await rig.fold();
    expect(await factsOf(leg)).toMatchObject([{ meter: 'call_seconds', quantity: '46' }]);
    expect(await factsOf(sid('CA', key))).toMatchObject([
      { meter: 'call_seconds', quantity: '60' },
      { meter: 'recording_seconds', quantity: '44' },
    ]);
  });

  test('is refused for another address than the source has, and the rejection tells which was expected', async () => {
    const body = twilioSample('call.completed', { key: 'elsewhere' }) ?? {};
    const result = await rig.receive(body, { origin: 'https://old.example.com' });
    expect(result).toEqual({ kind: 'rejected', cause: 'wrong-signature' });
    await rig.rejections.flush();
    const [row] = await rows(`select cause, detail from hookledger.rejections where provider = $1`, ['twilio']);
    expect(row?.['detail']).toContain(`${ORIGIN}${rig.path}`);
  });
});
