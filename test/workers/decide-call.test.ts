import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Declared } from '../../src/adapters/adapter.ts';
import type { StandingIntent } from '../../src/workers/decide-call.ts';
import { decideCall } from '../../src/workers/decide-call.ts';

const lost: StandingIntent = {
  state: 'open',
  leaseMs: 0,
  unsettledMs: 0,
  isUnanswered: true,
  declared: 'idempotent',
  isSameRequest: true,
};

const declared = fc.constantFrom<Declared>('idempotent', 'queryable', 'neither');
const standing = fc.record<StandingIntent>({
  state: fc.constantFrom('open', 'done', 'uncertain'),
  leaseMs: fc.constantFrom(0, 1, 60_000),
  unsettledMs: fc.constantFrom(0, 1, 60_000),
  isUnanswered: fc.boolean(),
  declared,
  isSameRequest: fc.boolean(),
});

describe('an effect that was intended before', () => {
  test.each<[string, Partial<StandingIntent>, Declared, string]>([
    ['is reused when it is done', { state: 'done', leaseMs: 9 }, 'idempotent', 'reuse'],
    ['waits for a person when it is uncertain', { state: 'uncertain', isUnanswered: false }, 'idempotent', 'uncertain'],
    ['is left to its owner while the lease lives', { leaseMs: 1 }, 'idempotent', 'wait'],
    ['is called when nothing is unanswered', { isUnanswered: false, declared: 'neither' }, 'neither', 'call'],
    [
      'is called otherwise when nothing is unanswered',
      { isUnanswered: false, isSameRequest: false },
      'idempotent',
      'call',
    ],
    ['is called again under the same key, at once', { unsettledMs: 1 }, 'idempotent', 'call'],
    ['is not asked for otherwise under the same key', { isSameRequest: false }, 'idempotent', 'refuse-change'],
    ['is not looked up while the call may be on its way', { unsettledMs: 1 }, 'queryable', 'wait'],
    ['is looked up', { declared: 'queryable' }, 'queryable', 'look-up'],
    ['is looked up whatever is asked for now', { declared: 'queryable', isSameRequest: false }, 'queryable', 'look-up'],
    ['is given up, at once', { unsettledMs: 1, declared: 'neither' }, 'neither', 'give-up'],
    ['is given up when it was called under that declaration', { declared: 'neither' }, 'idempotent', 'give-up'],
    ['is given up when the adapter cannot tell any more', { declared: 'queryable' }, 'neither', 'give-up'],
  ])('%s', (_, intent, now, next) => {
    expect(decideCall({ ...lost, ...intent }, now)).toBe(next);
  });

  test('is never called while it is done, uncertain, owned, or unanswered by what is neither', () => {
    fc.assert(
      fc.property(standing, declared, (intent, now) => {
        const isBlocked =
          intent.state !== 'open' ||
          intent.leaseMs > 0 ||
          (intent.isUnanswered && (now === 'neither' || intent.declared === 'neither')) ||
          (intent.isUnanswered && now === 'queryable' && intent.unsettledMs > 0);
        if (isBlocked) expect(['reuse', 'uncertain', 'wait', 'give-up']).toContain(decideCall(intent, now));
        else expect(['call', 'look-up', 'refuse-change']).toContain(decideCall(intent, now));
      }),
    );
  });
});
