import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SampleProvider } from '../../../src/dev/samples/sample-webhook.ts';
import { encodeSample, SAMPLE_PROVIDERS, sampleTypes, sampleWebhook } from '../../../src/dev/samples/sample-webhook.ts';
import { GOHIGHLEVEL_KEPT_TYPES, GOHIGHLEVEL_MAPPINGS } from '../../../src/ingest/providers/gohighlevel-mappings.ts';
import { RETELL_KEPT_TYPES, RETELL_MAPPINGS } from '../../../src/ingest/providers/retell-mappings.ts';
import { STRIPE_KEPT_TYPES } from '../../../src/ingest/providers/stripe-kept-types.ts';
import { STRIPE_MAPPINGS } from '../../../src/ingest/providers/stripe-mappings.ts';
import type { StartedServer } from '../../http/http-setup.ts';
import { startServer } from '../../http/http-setup.ts';
import { createTestDatabase } from '../../support/database.ts';
import type { TestDatabase } from '../../support/database.ts';
import type { EveryProvider } from '../../support/every-provider.ts';
import { createEveryProvider } from '../../support/every-provider.ts';

type Catalogue = Readonly<{ mapped: readonly string[]; kept: readonly string[] }>;

const of = (beginning: string, ends: string) => ends.split(' ').map((end) => `${beginning}${end}`);

/** Twilio's requests name no type, so the code holds no list of them: these are those that its documentation tells of. */
const TWILIO: Catalogue = {
  mapped: [
    ...of('call.', 'request queued initiated ringing in-progress completed busy no-answer failed canceled'),
    ...of('call.', 'dial-action record-action'),
    'recording.completed',
    ...of('message.', 'received accepted scheduled queued sending sent delivered undelivered partially_delivered'),
    ...of('message.', 'failed read canceled'),
    ...of('com.twilio.messaging.message.', 'queued sent delivered undelivered failed read'),
    'com.twilio.messaging.inbound-message.received',
    ...of('com.twilio.voice.status-callback.call.', 'initiated ringing answered completed'),
    'com.twilio.voice.status-callback.recording.processed',
    'com.twilio.voice.twiml.dial.finished',
  ],
  kept: [
    ...of('call.', 'gather-action gather-partial enqueue-action amd'),
    ...of('recording.', 'in-progress absent failed'),
    ...of('transcription.', 'completed failed started content stopped error'),
    ...of('conference.', 'conference-start conference-end announcement-end announcement-fail'),
    ...of('conference.participant-', 'join leave mute unmute hold unhold modify speech-start speech-stop'),
    ...of('stream.', 'started stopped error'),
    ...of('debugger.', 'error warning'),
    ...of('conversation.onConversation', 'Added Updated Removed StateUpdated'),
    ...of('conversation.onParticipant', 'Added Updated Removed'),
    ...of('conversation.onMessage', 'Added Updated Removed'),
    'conversation.onDeliveryUpdated',
    'usage-trigger',
    // Every other event of Event Streams is kept by its prefix; these stand for them.
    'com.twilio.voice.insights.call-summary.complete',
    'com.twilio.error-logs.error.logged',
  ],
};

const CATALOGUES: Readonly<Record<SampleProvider, Catalogue>> = {
  stripe: {
    mapped: [...STRIPE_MAPPINGS.keys()],
    // Every thin event is kept by the form of its type; these stand for them.
    kept: [...STRIPE_KEPT_TYPES, 'v1.billing.meter.error_report_triggered', 'v2.core.event_destination.ping'],
  },
  retell: { mapped: [...RETELL_MAPPINGS.keys()], kept: [...RETELL_KEPT_TYPES] },
  gohighlevel: { mapped: [...GOHIGHLEVEL_MAPPINGS.keys()], kept: [...GOHIGHLEVEL_KEPT_TYPES] },
  twilio: TWILIO,
  // Their senders name their own types.
  'standard-webhooks': { mapped: [], kept: sampleTypes('standard-webhooks') },
  custom: { mapped: [], kept: sampleTypes('custom') },
};

let database: TestDatabase;
let rig: EveryProvider;
let server: StartedServer;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = await createEveryProvider(database);
  server = await startServer({ ingestWebhook: rig.ingest });
});
afterAll(async () => {
  await server.close();
  await rig.close();
  await database.drop();
});

/** Posts the sample as `send` does, and says what the server made of it. */
async function send(provider: SampleProvider, type: string) {
  const body = encodeSample(provider, sampleWebhook(provider, type, { key: type, accountSid: 'account_ours' }) ?? {});
  const { url, headers } = rig.sign(provider, body);
  const response = await fetch(server.url + url, { method: 'POST', headers, body: new Uint8Array(body) });
  await response.arrayBuffer();
  const outcome = response.headers.get('hookledger-outcome');
  return { type, status: response.status, outcome, became: await becomeOf(response.headers.get('hookledger-webhook')) };
}

/** `mapped`: to events of its own and nothing else; `kept`: as one event that says so; else the events as they are. */
async function becomeOf(webhookId: string | null): Promise<string> {
  const { rows } = await database.adminPool.query<{ type: string; reason: string | null }>(
    `select type, data ->> 'reason' as reason from hookledger.events where webhook_id = $1::uuid`,
    [webhookId],
  );
  const received = rows.filter(({ type }) => type === 'ProviderEventReceived');
  if (rows.length > 0 && received.length === 0) return 'mapped';
  return rows.length === 1 && received[0]?.reason === 'kept' ? 'kept' : JSON.stringify(rows);
}

/** Nobody is mapped here, so that what is counted belongs to nobody yet. */
const TAKEN: unknown = expect.stringMatching(/^(accepted|unassigned)$/);

/** Twilio takes no other answer than these; Retell asks, and is answered, before a call begins. */
function expectedStatus(provider: SampleProvider, type: string): number {
  if (provider === 'retell' && RETELL_KEPT_TYPES.has(type)) return 200;
  if (provider !== 'twilio') return 202;
  return /^call\.(request|.*-action)$|^message\.received/.test(type) ? 200 : 204;
}

describe.each(SAMPLE_PROVIDERS)('of %s', (provider) => {
  const { mapped, kept } = CATALOGUES[provider];
  const samplesOf = (type: string) => sampleTypes(provider).filter((name) => name.split('/')[0] === type);

  test('every type of the catalogue has a sample', () => {
    expect([...mapped, ...kept].filter((type) => samplesOf(type).length === 0)).toEqual([]);
  });

  test('every one of them is taken, and becomes what the catalogue says', async () => {
    const expected = [
      ...mapped.flatMap(samplesOf).map((type) => ({ type, became: 'mapped' })),
      ...kept.flatMap(samplesOf).map((type) => ({ type, became: 'kept' })),
    ].map((each) => ({ ...each, status: expectedStatus(provider, each.type), outcome: TAKEN }));
    const sent: unknown[] = [];
    for (const { type } of expected) sent.push(await send(provider, type));
    expect(sent).toEqual(expected);
  });
});
