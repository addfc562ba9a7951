import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stripeSample, stripeSampleTypes } from '../../../src/dev/samples/stripe-samples.ts';
import { normaliseStripe } from './normalise.ts';

const event = {
  id: 'evt_1',
  object: 'event',
  created: 1_790_000_000,
  livemode: false,
  pending_webhooks: 1,
  type: 'product.created',
  data: { object: { id: 'prod_1', object: 'product', created: 1_780_000_000, customer: null } },
};
const CREATED = '2026-09-21T14:13:20.000Z';

describe('a Stripe event', () => {
  test('of a type that no projection needs is kept, in the stream of its object', () => {
    expect(normaliseStripe(event)).toEqual({
      providerType: 'product.created',
      providerEventId: 'evt_1',
      dedupeKey: 'evt_1',
      content: expect.any(String),
      accountIds: [],
      startedAt: new Date(1_780_000_000_000),
      status: 'accepted',
      events: [
        {
          type: 'ProviderEventReceived',
          stream: {
            kind: 'provider-object',
            provider: 'stripe',
            account: 'acct_1',
            mode: 'test',
            externalId: 'prod_1',
          },
          occurredAt: CREATED,
          data: { providerType: 'product.created', objectId: 'prod_1', reason: 'kept' },
        },
      ],
    });
  });

  test('whose object has no id has a stream of its own', () => {
    const { events } = normaliseStripe({
      ...event,
      type: 'balance.available',
      data: { object: { object: 'balance' } },
    });
    expect(events).toMatchObject([{ stream: { externalId: 'evt_1' }, data: { reason: 'kept' } }]);
  });

  test('has the same content in each delivery, however many endpoints wait and however it is spaced', () => {
    const content = normaliseStripe(event).content;
    expect(normaliseStripe({ ...event, pending_webhooks: 7 }).content).toBe(content);
    expect(normaliseStripe(JSON.stringify({ ...event, pending_webhooks: 0 }, null, 2)).content).toBe(content);
    expect(normaliseStripe({ ...event, request: { id: 'req_1' } }).content).not.toBe(content);
    const nested = { ...event, data: { object: { ...event.data.object, pending_webhooks: 1 } } };
    expect(normaliseStripe(nested).content).not.toBe(content);
  });

  test.each([
    ['an id', 'cus_1'],
    ['the expanded object', { id: 'cus_1', object: 'customer', email: 'somebody@example.com' }],
  ])('names the customer as the account to map by %s', (_name, customer) => {
    const object = { ...event.data.object, customer };
    expect(normaliseStripe({ ...event, data: { object } }).accountIds).toEqual(['cus_1']);
  });

  test('about a customer names that customer, and a connected account beside', () => {
    const object = { id: 'cus_1', object: 'customer' };
    const normalised = normaliseStripe({ ...event, type: 'customer.created', account: 'acct_1', data: { object } });
    expect(normalised).toMatchObject({ status: 'accepted', accountIds: ['cus_1', 'acct_1'] });
  });

  test.each([
    ['of the other mode', { livemode: true }, 'The event is of mode live, the source of mode test.'],
    ['of a connected account', { account: 'acct_2' }, 'The event is of account acct_2, the source of account acct_1.'],
  ])('%s is quarantined, whatever its type', (_name, changes, detail) => {
    for (const type of ['product.created', 'charge.succeeded', 'no.such.type']) {
      const normalised = normaliseStripe({ ...event, ...changes, type });
      expect(normalised).toMatchObject({ status: 'quarantined', detail, events: [], dedupeKey: 'evt_1' });
    }
  });

  test('of live mode is for a live source', () => {
    expect(normaliseStripe({ ...event, livemode: true }, { mode: 'live' }).status).toBe('accepted');
    expect(normaliseStripe(event, { mode: 'live' }).status).toBe('quarantined');
  });

  test.each(['no.such.type', 'constructor', '__proto__', 'toString'])('of the unknown type %s is unmapped', (type) => {
    const normalised = normaliseStripe({ ...event, type });
    expect(normalised).toMatchObject({ status: 'unmapped', providerType: type, dedupeKey: 'evt_1' });
    expect(normalised.events).toMatchObject([{ data: { reason: 'unknown-type' } }]);
  });

  test.each([
    ['no id', { id: undefined }],
    ['an empty id', { id: '' }],
    ['no type', { type: undefined }],
    ['no mode', { livemode: undefined }],
    ['a mode in words', { livemode: 'false' }],
    ['no time', { created: undefined }],
    ['a time far from here', { created: 1e15 }],
    ['a time in words', { created: 'today' }],
    ['another kind of object', { object: 'charge' }],
    ['no object at all', { type: 'charge.succeeded', data: undefined }],
    ['a list for an object', { type: 'charge.succeeded', data: { object: [] } }],
  ])('with %s is odd, and unmapped', (_name, changes) => {
    const normalised = normaliseStripe({ ...event, ...changes });
    expect(normalised).toMatchObject({ status: 'unmapped', events: [{ data: { reason: 'odd-shape' } }] });
  });

  test.each([
    ['not JSON', 'hello', 'unreadable'],
    ['empty', '', 'unreadable'],
    ['not UTF-8', Buffer.from([0x7b, 0xff]), 'unreadable'],
    ['a list', '[1]', 'odd-shape'],
    ['a word', '"event"', 'odd-shape'],
    ['nothing', 'null', 'odd-shape'],
  ])('that is %s is unmapped, under the hash of its body', (_name, body, reason) => {
    const normalised = normaliseStripe(body);
    expect(normalised).toMatchObject({ status: 'unmapped', providerType: 'unreadable', accountIds: [] });
    expect(normalised.dedupeKey).toBeUndefined();
    expect(normalised.events).toMatchObject([
      { stream: { externalId: expect.stringMatching(/^[0-9a-f]{64}$/) }, data: { reason } },
    ]);
  });

  test('never makes normalise throw, nor anything unsound, whatever is changed in it', () => {
    const paths = fc.array(
      fc.constantFrom('data', 'object', 'id', 'created', 'amount', 'currency', 'status', 'total'),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(fc.constantFrom(...stripeSampleTypes), paths, fc.jsonValue(), (type, path, value) => {
        const { status, events } = normaliseStripe(changeAt(stripeSample(type) ?? {}, path, value));
        expect(status === 'unmapped').toBe(
          events.some((each) => reasonOf(each.data) !== undefined && reasonOf(each.data) !== 'kept'),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('puts no name, address or text of the customer into what folds read', () => {
    // A word that no type of event has in its name.
    const personal = { name: 'Ada Quillfeather', email: 'ada@quillfeather.example', description: 'Quillfeather words' };
    for (const type of stripeSampleTypes) {
      const body = stripeSample(type, {
        object: {
          ...personal,
          billing_details: personal,
          customer_name: personal.name,
          customer_email: personal.email,
        },
      });
      expect(JSON.stringify(normaliseStripe(body ?? {}).events)).not.toMatch(/quillfeather/i);
    }
  });
});

function reasonOf(data: object): unknown {
  return 'reason' in data && 'providerType' in data ? data.reason : undefined;
}

function changeAt(object: object, [name = '', ...rest]: readonly string[], value: unknown): object {
  const before: unknown = Object.entries(object).find(([each]) => each === name)?.[1];
  const isObject = typeof before === 'object' && before !== null;
  return { ...object, [name]: rest.length > 0 && isObject ? changeAt(before, rest, value) : value };
}
