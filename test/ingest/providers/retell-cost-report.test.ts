import { describe, expect, test } from '@jest/globals';
import type { RetellSample } from '../../../src/dev/samples/retell-samples.ts';
import { retellSample } from '../../../src/dev/samples/retell-samples.ts';
import { normaliseRetell } from './normalise.ts';

const sample = (type: string, changes: RetellSample = {}) =>
  retellSample(type, { callId: 'call_1', chatId: 'chat_1', ...changes }) ?? {};
const reportOf = (body: object) => {
  const [first] = normaliseRetell(body).events;
  return first !== undefined && 'costReport' in first.data ? first.data.costReport : undefined;
};

describe('what a call or chat cost in all', () => {
  test.each([
    ['call_ended', 10],
    ['transfer_ended', 15],
    ['call_analyzed', 20],
    ['chat_ended', 10],
    ['chat_analyzed', 20],
  ])('is named by %s, of rank %i, by the names of its cost facts', (type, rank) => {
    const costs = [
      { product: 'gpt_4_1', cents: 3 },
      { product: 'us_telephony', cents: 2, isTransferLeg: true },
    ];
    const { events } = normaliseRetell(sample(type, { costs, combinedCostCents: 7 }));
    const report = reportOf(sample(type, { costs, combinedCostCents: 7 }));
    expect(report).toMatchObject({
      factNames: ['cost/gpt_4_1', 'cost/us_telephony/transfer-leg', 'cost/unitemised'],
      rank,
    });
    const reported = events.flatMap(({ fact }) => (fact?.kind === 'cost' ? [fact] : []));
    expect(reported.map(({ key }) => key.split('#')[1])).toEqual(report?.factNames);
    expect(new Set(reported.map(({ providerTime }) => providerTime))).toEqual(new Set([report?.providerTime]));
  });

  test('may be nothing at all, which is not the same as not being told', () => {
    expect(reportOf(sample('call_ended', { object: { call_cost: { combined_cost: 0 } } }))?.factNames).toEqual([]);
    expect(reportOf(sample('call_ended', { object: { call_cost: null } }))).toBeUndefined();
  });

  test.each(['call_started', 'transfer_started', 'transfer_bridged'])('is not taken from %s', (type) => {
    expect(reportOf(sample(type, { object: { call_cost: { combined_cost: 1 } } }))).toBeUndefined();
  });
});
