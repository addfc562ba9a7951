import { describe, expect, test } from '@jest/globals';
import Big from 'big.js';
import fc from 'fast-check';
import type { RetellSample } from '../../../src/dev/samples/retell-samples.ts';
import { retellSample } from '../../../src/dev/samples/retell-samples.ts';
import { eventsOf, normaliseRetell } from './normalise.ts';

const sample = (type: string, changes: RetellSample = {}) =>
  retellSample(type, { callId: 'call_1', chatId: 'chat_1', ...changes }) ?? {};
const KEY = 'call/retell/org_1/test/call_1#';

/** Component, amount of each cost that the body reports. */
function costsOf(body: object | string): readonly (readonly [string, string])[] {
  return eventsOf(normaliseRetell(body), 'CallCostReported').map(({ data }) => [data.component, data.amount] as const);
}

describe('the cost of a call', () => {
  test('is one fact for each component, in dollars', () => {
    const normalised = normaliseRetell(sample('call_ended', { costs: [{ product: 'elevenlabs_tts', cents: 10.5 }] }));
    expect(eventsOf(normalised, 'CallCostReported')).toEqual([
      {
        type: 'CallCostReported',
        stream: { kind: 'call', provider: 'retell', account: 'org_1', mode: 'test', externalId: 'call_1' },
        occurredAt: '2026-11-24T09:30:00.000Z',
        data: { component: 'elevenlabs_tts', isTransferLeg: false, amount: '0.105', currency: 'USD' },
        fact: {
          key: `${KEY}cost/elevenlabs_tts`,
          kind: 'cost',
          rank: 10,
          providerTime: '2026-11-24T09:31:31.000Z',
          meter: 'elevenlabs_tts',
          unit: 'call',
          amount: '0.105',
          currency: 'USD',
        },
      },
    ]);
  });

  test.each([
    ['call_ended', 10],
    ['transfer_ended', 15],
    ['call_analyzed', 20],
  ])('is reported by %s, of rank %i, under the same keys', (type, rank) => {
    const costs = eventsOf(normaliseRetell(sample(type)), 'CallCostReported');
    const products = ['elevenlabs_tts', 'gpt_4_1', 'us_telephony'];
    expect(costs.map(({ fact }) => fact?.key)).toEqual(products.map((product) => `${KEY}cost/${product}`));
    expect(costs.map(({ fact }) => fact?.rank)).toEqual([rank, rank, rank]);
  });

  test.each(['call_started', 'transfer_started', 'transfer_bridged', 'transcript_updated'])(
    'is not taken from %s, which comes while the call goes on',
    (type) => {
      const { call_cost: cost } = Object(Object(sample('call_ended')).call);
      expect(costsOf(sample(type, { object: { call_cost: cost } }))).toEqual([]);
    },
  );

  test('of the leg to a transfer is a component of its own', () => {
    const costs = [
      { product: 'us_telephony', cents: 2 },
      { product: 'us_telephony', cents: 3, isTransferLeg: true },
    ];
    const events = eventsOf(normaliseRetell(sample('call_ended', { costs })), 'CallCostReported');
    expect(events).toMatchObject([
      {
        data: { isTransferLeg: false, amount: '0.02' },
        fact: { key: `${KEY}cost/us_telephony`, meter: 'us_telephony' },
      },
      {
        data: { isTransferLeg: true, amount: '0.03' },
        fact: { key: `${KEY}cost/us_telephony/transfer-leg`, meter: 'us_telephony' },
      },
    ]);
  });

  test('sums up a product that is named twice', () => {
    const costs = [0.1, 0.2].map((cents) => ({ product: 'gpt_4_1', cents }));
    expect(costsOf(sample('call_ended', { costs }))).toEqual([['gpt_4_1', '0.003']]);
  });

  test.each([
    ['a surcharge', 12, '0.02'],
    ['a discount', 7.5, '-0.025'],
  ])('has %s as a component, so that all sum up to what is charged', (_name, combinedCostCents, rest) => {
    const costs = [{ product: 'gpt_4_1', cents: 10 }];
    expect(costsOf(sample('call_ended', { costs, combinedCostCents }))).toEqual([
      ['gpt_4_1', '0.1'],
      ['unitemised', rest],
    ]);
  });

  test('may be a sum alone', () => {
    expect(costsOf(sample('call_ended', { object: { call_cost: { combined_cost: 70 } } }))).toEqual([
      ['unitemised', '0.7'],
    ]);
    expect(costsOf(sample('call_ended', { object: { call_cost: { combined_cost: 0 } } }))).toEqual([]);
    expect(costsOf(sample('call_ended', { object: { call_cost: null } }))).toEqual([]);
  });

  test('names its products in keys so that none is taken for a transfer leg of another', () => {
    const costs = [
      { product: 'a', cents: 1, isTransferLeg: true },
      { product: 'a/transfer-leg', cents: 1 },
    ];
    const events = eventsOf(normaliseRetell(sample('call_ended', { costs })), 'CallCostReported');
    expect(new Set(events.map(({ fact }) => fact?.key)).size).toBe(2);
  });

  test('is exact to the last digit that Retell sends, and its components sum up to the charge', () => {
    const cents = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.option(fc.stringMatching(/^\d{1,20}$/)))
      .map(([whole, fraction]) => (fraction === null ? String(whole) : `${whole}.${fraction}`));
    const products = fc.array(fc.record({ product: fc.constantFrom('a', 'b', 'c'), cost: cents }), { maxLength: 5 });
    fc.assert(
      fc.property(products, cents, (costs, combined) => {
        const list = costs.map(({ product, cost }) => `{"product":"${product}","cost":${cost}}`).join();
        const cost = `{"product_costs":[${list}],"combined_cost":${combined}}`;
        const reported = costsOf(`{"event":"call_ended","call":{"call_id":"call_1","call_cost":${cost}}}`);
        const sum = reported.reduce((total, [, amount]) => total.plus(amount), new Big(0));
        expect(sum.times(100).toFixed()).toBe(new Big(combined).toFixed());
        for (const name of ['a', 'b', 'c']) {
          const sent = costs.filter(({ product }) => product === name);
          const expected = sent.reduce((total, each) => total.plus(each.cost), new Big(0));
          const amount = reported.find(([component]) => component === name)?.[1];
          expect(amount === undefined ? undefined : new Big(amount).times(100).toFixed()).toBe(
            sent.length === 0 ? undefined : expected.toFixed(),
          );
        }
      }),
    );
  });

  test.each(['"free"', 'true', '{}', '1e400000'])('of %s cents is odd', (cents) => {
    const body = `{"event":"call_ended","call":{"call_id":"call_1","call_cost":{"combined_cost":${cents}}}}`;
    expect(normaliseRetell(body)).toMatchObject({ status: 'unmapped' });
  });
});

describe('the cost of a chat', () => {
  test.each([
    ['chat_ended', 10],
    ['chat_analyzed', 20],
  ])('is reported by %s, of rank %i', (type, rank) => {
    const costs = eventsOf(
      normaliseRetell(sample(type, { costs: [{ product: 'gpt_4_1', cents: 4 }] })),
      'ChatCostReported',
    );
    expect(costs).toMatchObject([
      {
        data: { component: 'gpt_4_1', amount: '0.04', currency: 'USD' },
        fact: { key: 'chat/retell/org_1/test/chat_1#cost/gpt_4_1', rank, unit: 'chat' },
      },
    ]);
  });
});
