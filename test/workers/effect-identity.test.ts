import { describe, expect, test } from '@jest/globals';
import { effectKeyOf, requestHashOf } from '../../src/workers/effect-identity.ts';

const job = { queue: 'integration-tasks', replayId: 'live' };
const event = { eventId: '0197a1b2-0000-7000-8000-000000000001', streamKey: 'payment/stripe/acct_1/live/pi_1' };
const other = { ...event, eventId: '0197a1b2-0000-7000-8000-000000000002' };

describe('the key of an effect', () => {
  test('is a UUID that never changes', () => {
    expect(effectKeyOf(job, event, { step: 'send' })).toBe('ca830166-8c4f-8c5f-8ba3-7f8ff7a41299');
  });

  test('is another for another event, queue, replay and step', () => {
    const keys = [
      effectKeyOf(job, event, { step: 'send' }),
      effectKeyOf(job, other, { step: 'send' }),
      effectKeyOf({ ...job, queue: 'orchestration-flows' }, event, { step: 'send' }),
      effectKeyOf({ ...job, replayId: 'rerun-1' }, event, { step: 'send' }),
      effectKeyOf(job, event, { step: 'file' }),
      effectKeyOf(job, event, { step: 'send', effectKey: event.eventId }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys)
      expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('is one for two events of a stream that name one effect, and another in another stream', () => {
    const call = { step: 'send', effectKey: 'pi_1#payment' };
    expect(effectKeyOf(job, other, call)).toBe(effectKeyOf(job, event, call));
    expect(effectKeyOf(job, { ...event, streamKey: 'payment/stripe/acct_2/live/pi_1' }, call)).not.toBe(
      effectKeyOf(job, event, call),
    );
  });
});

test('two requests are the same whatever the order of their fields, at one adapter', () => {
  const hash = requestHashOf('sms', { to: '+1', lines: [{ a: 1, b: null }, 'x'] });
  expect(requestHashOf('sms', { lines: [{ b: null, a: 1 }, 'x'], to: '+1' })).toEqual(hash);
  expect(requestHashOf('sms', { to: '+1', lines: ['x', { a: 1, b: null }] })).not.toEqual(hash);
  expect(requestHashOf('mail', { to: '+1', lines: [{ a: 1, b: null }, 'x'] })).not.toEqual(hash);
});
