import { describe, expect, test } from '@jest/globals';
import { messageKey } from '../../src/transports/message-key.ts';

const parts = { eventId: '0198c0de-event', queue: 'ingress-events', replayId: 'live', generation: 2 };

describe('the key of a message', () => {
  test('joins event id, queue, replay id and generation with dots', () => {
    expect(messageKey(parts)).toBe('0198c0de-event.ingress-events.live.2');
  });

  test.each([
    ['eventId', 'a.b'],
    ['eventId', ''],
    ['queue', 'a:b'],
    ['queue', 'a b'],
    ['replayId', 'a\u0000b'],
    ['replayId', 'a\nb'],
  ])('is refused for the %s %j, which could not be told from another or stored', (name, value) => {
    expect(() => messageKey({ ...parts, [name]: value })).toThrow(name);
  });

  test.each([-1, 0.5, NaN, 2 ** 53])('is refused for the generation %p', (generation) => {
    expect(() => messageKey({ ...parts, generation })).toThrow(TypeError);
  });
});
