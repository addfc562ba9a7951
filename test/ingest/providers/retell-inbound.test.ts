import { describe, expect, test } from '@jest/globals';
import { retellSample } from '../../../src/dev/samples/retell-samples.ts';
import { normaliseRetell } from './normalise.ts';

const SIGNED_AT = new Date('2026-11-24T09:59:59.000Z');
const ask = (type: string, beside: object = {}) => {
  const question = { agent_id: 'agent_1', from_number: '+12025550117', to_number: '+12025550198', ...beside };
  return { event: type, [type]: question };
};
const answerOf = (body: object, settings: Readonly<Record<string, unknown>> = {}) => {
  const { answer } = normaliseRetell(body, { source: { settings } });
  expect(answer).toMatchObject({ status: 200, contentType: 'application/json' });
  return JSON.parse(answer?.body ?? '') as unknown;
};

describe.each(['call_inbound', 'chat_inbound'])('the question of %s', (type) => {
  test('is answered with nothing to change, where nothing is set', () => {
    expect(answerOf(ask(type))).toEqual({ [type]: {} });
    expect(answerOf(retellSample(type) ?? {})).toEqual({ [type]: {} });
  });

  test('is answered with what the settings say for the number that was called', () => {
    const inbound = {
      dynamic_variables: { company: 'Acme' },
      override_agent_id: { '+12025550198': 'agent_2', '+12025550199': 'agent_3' },
    };
    expect(answerOf(ask(type), { inbound })).toEqual({
      [type]: { override_agent_id: 'agent_2', dynamic_variables: { company: 'Acme' } },
    });
    expect(answerOf(ask(type, { to_number: '+12025550100' }), { inbound })).toEqual({
      [type]: { dynamic_variables: { company: 'Acme' } },
    });
  });

  test.each([
    ['settings that do not hold', { inbound: { override_agent_id: 'agent_2' } }, {}],
    ['a number that only an object has', { inbound: { override_agent_id: {} } }, { to_number: 'constructor' }],
    ['no number', { inbound: { override_agent_id: { '+12025550198': 'agent_2' } } }, { to_number: null }],
  ])('is answered with nothing to change for %s', (_name, settings, question) => {
    expect(answerOf(ask(type, question), settings)).toEqual({ [type]: {} });
  });

  test('is kept, under its id where Retell tells it, and in no call’s stream', () => {
    const id = type === 'call_inbound' ? 'call_id' : 'chat_id';
    expect(normaliseRetell(ask(type, { [id]: 'a/1' }))).toMatchObject({
      status: 'accepted',
      dedupeKey: `${type}/a%2F1`,
      accountIds: ['agent_1'],
      events: [{ stream: { kind: 'provider-object', externalId: 'a/1' }, data: { reason: 'kept' } }],
    });
  });

  test('without an id is told from the next one, in the same words, by when it was asked', () => {
    const at = (seconds: number) =>
      String(normaliseRetell(ask(type), { signedAt: new Date(SIGNED_AT.getTime() + seconds * 1000) }).content);
    expect(at(0)).toBe(at(0));
    expect(at(1)).not.toBe(at(0));
    expect(normaliseRetell(ask(type)).dedupeKey).toBeUndefined();
    const body = Buffer.from(JSON.stringify(ask(type, { call_id: 'a', chat_id: 'a' })));
    expect(normaliseRetell(body, { signedAt: SIGNED_AT }).content).toEqual(body);
  });

  test('of another organisation is not answered', () => {
    const headers = { 'x-retellai-orgid': ['org_2'] };
    const normalised = normaliseRetell(ask(type), { headers });
    expect(normalised.status).toBe('quarantined');
    expect(normalised.answer).toBeUndefined();
  });
});

test('an event of a call is not answered with anything of its own', () => {
  expect(normaliseRetell(retellSample('call_ended') ?? {}).answer).toBeUndefined();
});
