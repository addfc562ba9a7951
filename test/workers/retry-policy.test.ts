import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { QUEUES } from '../../src/domain/queues.ts';
import { decideRetry, RETRY_RULES, retryRule } from '../../src/workers/retry-policy.ts';

const rule = { attempts: 4, baseMs: 1_000, factor: 2, capMs: 3_000 };
const almostOne = 0.999_999_9;
const failed = (attempt: number) => ({ attempt, isPermanent: false });

describe('the retry policy', () => {
  test('raises the longest delay by its factor up to the cap, then gives up', () => {
    expect([1, 2, 3, 4].map((attempt) => decideRetry(rule, failed(attempt), almostOne))).toEqual([
      { kind: 'retry', delayMs: 1_000 },
      { kind: 'retry', delayMs: 2_000 },
      { kind: 'retry', delayMs: 3_000 },
      { kind: 'dead', cause: 'attempts-exhausted' },
    ]);
  });

  test('ends a permanent failure at its first try, whatever the other side asked for', () => {
    expect(decideRetry(rule, { attempt: 1, isPermanent: true, retryAfterMs: 5_000 }, 0)).toEqual({
      kind: 'dead',
      cause: 'unrecoverable',
    });
  });

  test('never comes back sooner than the other side asked for, nor later than a day for it', () => {
    expect(decideRetry(rule, { ...failed(1), retryAfterMs: 90_000 }, almostOne)).toEqual({
      kind: 'retry',
      delayMs: 90_000,
    });
    expect(decideRetry(rule, { ...failed(1), retryAfterMs: 1e12 }, 0)).toEqual({ kind: 'retry', delayMs: 86_400_000 });
  });

  test('takes what one type of job needs otherwise over its queue', () => {
    const overrides = { PaymentFailed: { attempts: 2 } } as const;
    expect(retryRule('ingress-events', 'PaymentFailed', overrides)).toEqual({
      ...RETRY_RULES['ingress-events'],
      attempts: 2,
    });
    expect(retryRule('ingress-events', 'SomethingNewer', overrides)).toEqual(RETRY_RULES['ingress-events']);
  });

  test('of every queue keeps each delay between nothing and the cap, never below what was asked, and ends', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...QUEUES),
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.option(fc.integer({ min: 0, max: 100_000_000 }), { nil: undefined }),
        (queue, attempt, random, asked) => {
          const { attempts, baseMs, factor, capMs } = RETRY_RULES[queue];
          const failure = { ...failed(attempt), ...(asked === undefined ? {} : { retryAfterMs: asked }) };
          const decision = decideRetry(RETRY_RULES[queue], failure, random);
          if (decision.kind === 'dead') return attempt >= attempts;
          const least = Math.min(asked ?? 0, 86_400_000);
          const most = Math.min(capMs, baseMs * factor ** (attempt - 1));
          return attempt < attempts && decision.delayMs >= least && decision.delayMs <= Math.max(most, least);
        },
      ),
    );
  });
});
