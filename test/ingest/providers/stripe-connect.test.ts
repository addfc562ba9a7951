import { describe, expect, test } from '@jest/globals';
import { stripeSample, stripeSampleTypes } from '../../../src/dev/samples/stripe-samples.ts';
import { eventOf, normaliseStripe } from './normalise.ts';

const connected = { connectedAccount: 'acct_2', customerId: 'cus_2', paymentIntentId: 'pi_2' };
const payment = stripeSample('payment_intent.succeeded', connected) ?? {};

describe('an event of a connected account', () => {
  test.each(['*', ['acct_3', 'acct_2']])('is accepted where the settings connect %j', (connectedAccounts) => {
    const normalised = normaliseStripe(payment, { settings: { connectedAccounts } });
    expect(normalised).toMatchObject({ status: 'accepted', books: 'tenant', accountIds: ['acct_2', 'cus_2'] });
    // The stream is the source's: ids of Stripe are unique over all accounts.
    expect(eventOf(normalised, 'PaymentSucceeded').stream).toMatchObject({ account: 'acct_1', externalId: 'pi_2' });
  });

  test.each([undefined, [], ['acct_3'], 'acct_2', 7])(
    'is quarantined where the settings connect %j',
    (connectedAccounts) => {
      const settings = connectedAccounts === undefined ? {} : { connectedAccounts };
      expect(normaliseStripe(payment, { settings })).toMatchObject({ status: 'quarantined', events: [] });
    },
  );

  test('is its own money, of whatever type, and an event of the account of the source is not', () => {
    const settings = { connectedAccounts: '*' };
    for (const type of stripeSampleTypes) {
      expect(normaliseStripe(stripeSample(type, connected) ?? {}, { settings }).books).toBe('tenant');
      const own = stripeSample(type, { connectedAccount: 'acct_1' }) ?? {};
      expect(normaliseStripe(own, { settings }).books).toBeUndefined();
      expect(normaliseStripe(stripeSample(type) ?? {}, { settings }).books).toBeUndefined();
    }
  });
});

describe('a thin event', () => {
  const thin = {
    id: 'evt_thin',
    object: 'v2.core.event',
    type: 'v2.core.account.updated',
    livemode: false,
    created: '2026-11-24T09:00:00.123Z',
    related_object: { id: 'acct_9', type: 'v2.core.account', url: '/v2/core/accounts/acct_9' },
  };

  test('is kept under the object that it names, at its own time', () => {
    expect(normaliseStripe(thin)).toMatchObject({
      status: 'accepted',
      dedupeKey: 'evt_thin',
      providerType: thin.type,
      startedAt: new Date(thin.created),
      events: [
        {
          occurredAt: thin.created,
          stream: { kind: 'provider-object', externalId: 'acct_9' },
          data: { reason: 'kept', objectId: 'acct_9' },
        },
      ],
    });
  });

  test.each(['v1.billing.meter.no_meter_found', 'v2.money_management.payout_method.created', 'v3.not.yet'])(
    'of type %s is kept, also without an object, a time or a mode',
    (type) => {
      const bare = { id: 'evt_thin', object: 'v2.core.event', type };
      expect(normaliseStripe(bare)).toMatchObject({
        status: 'accepted',
        events: [{ stream: { externalId: 'evt_thin' } }],
      });
    },
  );

  test('of a type that is none is unmapped', () => {
    expect(normaliseStripe({ ...thin, type: 'charge.succeeded' })).toMatchObject({
      status: 'unmapped',
      events: [{ data: { reason: 'unknown-type' } }],
    });
  });

  test('in the context of another account is that account’s', () => {
    const other = { ...thin, context: 'acct_2' };
    expect(normaliseStripe(other).status).toBe('quarantined');
    const settings = { connectedAccounts: ['acct_2'] };
    expect(normaliseStripe(other, { settings })).toMatchObject({ status: 'accepted', accountIds: ['acct_2'] });
    expect(normaliseStripe({ ...thin, context: 'workspace_7' }).status).toBe('accepted');
    expect(normaliseStripe({ ...thin, livemode: true }).status).toBe('quarantined');
  });
});
