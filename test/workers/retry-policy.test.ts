import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { QUEUES } from '../../src/domain/queues.ts';
import { decideRetry, RETRY_RULES, UnrecoverableJobError } from '../../src/workers/retry-policy.ts';

const rule = { attempts: 4, baseMs: 1_000, capMs: 3_000, jitter: 0.2 };

describe('the retry policy', () => {
  test('doubles the delay up to the cap, then gives up', () => {
    const decisions = [1, 2, 3, 4].map((attempt) => decideRetry(rule, attempt, new Error('no'), 0));
    expect(decisions).toEqual([
      { kind: 'retry', delayMs: 1_000 },
      { kind: 'retry', delayMs: 2_000 },
      { kind: 'retry', delayMs: 3_000 },
      { kind: 'dead', cause: 'attempts-exhausted' },
    ]);
  });

  test('ends an unrecoverable job at its first try', () => {
    expect(decideRetry(rule, 1, new UnrecoverableJobError('never'), 0)).toEqual({
      kind: 'dead',
      cause: 'unrecoverable',
    });
  });

  test('keeps every delay of every queue between the jittered base and the cap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...QUEUES),
        fc.integer({ min: 1, max: 11 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (queue, attempt, random) => {
          const { baseMs, capMs, jitter, attempts } = RETRY_RULES[queue];
          const decision = decideRetry(RETRY_RULES[queue], attempt, new Error('no'), random);
          if (decision.kind === 'dead') return attempt >= attempts;
          return decision.delayMs >= baseMs * (1 - jitter) - 1 && decision.delayMs <= capMs;
        },
      ),
    );
  });
});
