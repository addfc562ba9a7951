import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gohighlevelSample, gohighlevelSampleTypes } from '../../../src/dev/samples/gohighlevel-samples.ts';
import { gohighlevel } from '../../../src/ingest/providers/gohighlevel.ts';
import { usageProjection } from '../../../src/projections/usage-projection.ts';
import { normaliseGohighlevel } from './gohighlevel-normalise.ts';
import { RECEIVED_AT } from './webhook.ts';

const AT = new Date('2026-11-24T09:30:00Z');
const IDS = { locationId: 'loc_1', companyId: 'company_1', appId: 'app_1', webhookId: 'wh_1' };
const sample = (type: string, changes: Parameters<typeof gohighlevelSample>[1] = {}) =>
  gohighlevelSample(type, { at: AT, ...IDS, ...changes }) ?? {};

test('GoHighLevel is told to come back with 429: it takes a 5xx for the last word', () => {
  expect(gohighlevel.unavailableStatus).toBe(429);
});

describe('an event of GoHighLevel', () => {
  test('is known by its delivery id', () => {
    expect(normaliseGohighlevel(sample('ContactCreate'))).toMatchObject({
      status: 'accepted',
      providerType: 'ContactCreate',
      providerEventId: 'wh_1',
      dedupeKey: 'wh_1',
      startedAt: AT,
    });
  });

  test('without one by what it is about and its state, where something is counted of it', () => {
    const keyOf = (type: string, object: object = {}) =>
      normaliseGohighlevel(sample(type, { webhookId: null, object: { messageId: 'm/1', ...object } })).dedupeKey;
    expect(keyOf('InboundMessage')).toBe('InboundMessage/m%2F1/delivered/');
    expect(keyOf('InboundMessage/call')).toBe('InboundMessage/m%2F1/completed/completed');
    expect(keyOf('VoiceAiCallEnd')).toBe('VoiceAiCallEnd/m%2F1');
    expect(keyOf('ContactCreate')).toBeUndefined();
  });

  test('without either by its content, in which the event has its part', () => {
    const body = sample('ProductCreate', { webhookId: null });
    const data = 'data' in body ? (body.data ?? {}) : {};
    const [created, deleted] = ['ProductCreate', 'ProductDelete'].map((event) => normaliseGohighlevel(data, { event }));
    expect([created?.dedupeKey, deleted?.dedupeKey]).toEqual([undefined, undefined]);
    expect(created?.content).not.toEqual(deleted?.content);
  });

  test('is kept in the stream of its thing', () => {
    const normalised = normaliseGohighlevel(sample('AppointmentUpdate', { object: { appointment: { id: 'appt_1' } } }));
    expect(normalised.events).toEqual([
      {
        type: 'ProviderEventReceived',
        stream: {
          kind: 'provider-object',
          provider: 'gohighlevel',
          account: 'agency',
          mode: 'test',
          externalId: 'appt_1',
        },
        occurredAt: AT.toISOString(),
        data: { providerType: 'AppointmentUpdate', objectId: 'appt_1', reason: 'kept' },
      },
    ]);
  });

  test('may be wrapped or flat, with the same result', () => {
    const flat = sample('OutboundMessage');
    const { type, timestamp, webhookId, ...data } = { ...flat, type: '', timestamp: '', webhookId: '' };
    expect([type, timestamp, webhookId]).toEqual(['', '', '']);
    const wrapped = { type: 'OutboundMessage', timestamp: AT.toISOString(), webhookId: 'wh_1', data };
    const { content: _, ...expected } = normaliseGohighlevel(flat);
    const { content: __, ...result } = normaliseGohighlevel(wrapped);
    expect(result).toEqual(expected);
  });

  test('that counts as usage is of a type that the usage projection folds', () => {
    const events = gohighlevelSampleTypes.flatMap((type) => normaliseGohighlevel(sample(type)).events);
    const counted = events.filter(({ fact }) => fact?.kind === 'usage').map(({ type }) => type);
    expect(new Set(counted)).toEqual(new Set(['CallEnded', 'MessageReceived', 'MessageSent']));
    expect(usageProjection.types).toEqual(expect.arrayContaining(counted));
  });

  test.each([
    ['in milliseconds', AT.getTime(), AT.toISOString()],
    ['with an offset', '2026-11-24T15:00:00+05:30', AT.toISOString()],
    ['without a zone, which is UTC', '2026-11-24T09:30:00', AT.toISOString()],
    ['in words', 'yesterday', RECEIVED_AT.toISOString()],
    ['of the year 0', '0000-01-01', RECEIVED_AT.toISOString()],
  ])('was sent at a time %s', (_name, timestamp, occurredAt) => {
    const { events } = normaliseGohighlevel({ ...sample('ContactCreate'), timestamp });
    expect(events).toMatchObject([{ occurredAt }]);
  });
});

describe('the tenant of an event of GoHighLevel', () => {
  test.each([
    ['is of its location, else of its company', sample('UserCreate'), ['loc_1', 'company_1']],
    ['is of the location that an invoice belongs to', sample('InvoicePaid'), ['loc_1']],
    ['is of the location that is itself the thing', sample('LocationUpdate'), ['loc_1', 'company_1']],
    [
      'is of a location named outside of the thing',
      { ...sample('VoiceAiCallEnd'), companyId: 'c_2' },
      ['loc_1', 'c_2'],
    ],
    ['is of no location where something else is billed', { altId: 'x', altType: 'contact', invoiceNumber: '1' }, []],
  ])('%s', (_name, body, accountIds) => {
    expect(normaliseGohighlevel(body).accountIds).toEqual(accountIds);
  });
});

describe('a valid signature that is not for this source', () => {
  test.each([
    ['another app', { appId: 'app_2' }, 'The event is of app app_1, the source of app app_2.'],
    [
      'another company',
      { companyId: 'company_2' },
      'The event is of company company_1, the source of company company_2.',
    ],
  ])('is of %s, and quarantined', (_name, settings, detail) => {
    const normalised = normaliseGohighlevel(sample('INSTALL'), { source: { settings } });
    expect(normalised).toMatchObject({ status: 'quarantined', events: [], detail });
    expect(normalised.dedupeKey).toBe('wh_1');
  });

  test('is found inside of the wrapping and outside of it', () => {
    const source = { settings: { appId: 'app_1' } };
    const wrapped = { ...sample('InvoicePaid'), appId: 'app_2' };
    expect(normaliseGohighlevel(wrapped, { source }).status).toBe('quarantined');
    const within = sample('InvoicePaid', { object: { appId: 'app_2' } });
    expect(normaliseGohighlevel(within, { source }).status).toBe('quarantined');
    expect(normaliseGohighlevel({ ...within, appId: 'app_1' }, { source }).status).toBe('quarantined');
  });

  test('is not assumed: the same app, no app, and a source without an app are accepted', () => {
    const source = { settings: { appId: 'app_1', companyId: 'company_1' } };
    expect(normaliseGohighlevel(sample('INSTALL'), { source }).status).toBe('accepted');
    expect(normaliseGohighlevel(sample('ContactCreate'), { source }).status).toBe('accepted');
    expect(normaliseGohighlevel(sample('INSTALL', { appId: 'app_9' })).status).toBe('accepted');
  });

  test.each([{ appId: 7 }, { appID: 'app_1' }, { acceptRsa: 'yes' }])(
    'can not be told where the settings are %j: all is quarantined',
    (settings) => {
      expect(gohighlevel.settings?.safeParse(settings).success).toBe(false);
      expect(normaliseGohighlevel(sample('ContactCreate'), { source: { settings } }).status).toBe('quarantined');
    },
  );
});

describe('what GoHighLevel sends and we do not know', () => {
  test.each(['ContactMerged', 'constructor', '__proto__'])('(type %s) is unmapped', (type) => {
    const normalised = normaliseGohighlevel({ ...sample('ContactCreate'), type });
    expect(normalised).toMatchObject({ status: 'unmapped', dedupeKey: 'wh_1' });
    expect(normalised.events).toMatchObject([{ stream: { kind: 'provider-object' } }]);
  });

  test.each([
    ['not JSON', 'hello', 'unreadable'],
    ['not UTF-8', Buffer.from([0x7b, 0xff]), 'unreadable'],
    ['a list', '[]', 'odd-shape'],
    ['nothing that we know', { hello: 1 }, 'odd-shape'],
    ['empty', {}, 'odd-shape'],
  ])('(%s) is unmapped, under the hash of its body', (_name, body, reason) => {
    const normalised = normaliseGohighlevel(body);
    expect(normalised.dedupeKey).toBeUndefined();
    expect(normalised).toMatchObject({
      status: 'unmapped',
      providerType: 'unreadable',
      events: [{ stream: { externalId: expect.stringMatching(/^[0-9a-f]{64}$/) }, data: { reason } }],
    });
  });

  test('never makes normalise throw, nor anything unsound, whatever is changed in it', () => {
    const fields = [
      'messageId',
      'status',
      'dateAdded',
      'callDuration',
      'messageType',
      'total',
      'totalSummary',
      'updatedAt',
    ];
    const others = [
      '_id',
      'id',
      'currency',
      'attachments',
      'to',
      'locationId',
      'altId',
      'amountPaid',
      'duration',
      'type',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...gohighlevelSampleTypes),
        fc.constantFrom(...fields, ...others),
        fc.oneof(
          fc.jsonValue(),
          fc.double(),
          fc.string({ unit: 'binary' }),
          fc.constantFrom(-1, 1e20, '1e400', '1e99'),
        ),
        fc.option(fc.jsonValue(), { nil: undefined }),
        fc.constantFrom(undefined, null, 'wh_1'),
        fc.constantFrom(undefined, 'InvoicePaid', 'InboundMessage', 'Nonsense', '%'),
        (type, field, value, timestamp, webhookId, event) => {
          const changes = { object: { [field]: value }, ...(webhookId === undefined ? {} : { webhookId }) };
          const body = { ...sample(type, changes), ...(timestamp === undefined ? {} : { timestamp }) };
          const { status } = normaliseGohighlevel(body, event === undefined ? {} : { event });
          expect(['accepted', 'unmapped']).toContain(status);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test('never makes normalise throw when nothing of it is as it should be', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (body, event) => {
        expect(['accepted', 'unmapped']).toContain(normaliseGohighlevel(body, { event }).status);
      }),
      { numRuns: 500 },
    );
  });

  test('puts no number, name or text of a person into what folds read, or into a key', () => {
    for (const type of gohighlevelSampleTypes) {
      const { events, dedupeKey } = normaliseGohighlevel(sample(type, { webhookId: null }));
      const read = events.map(({ data, fact, stream }) => ({ data, fact, stream }));
      expect(JSON.stringify({ read, dedupeKey })).not.toMatch(/20255501|example\.com|Sample|3 pm|Ada/);
    }
  });
});
