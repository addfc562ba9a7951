import type { EventType } from '../domain/events.ts';
import { isEventType } from '../domain/events.ts';
import type { Queue } from '../domain/queues.ts';

export type RetryRule = Readonly<{
  /** Tries in all, the first included. */
  attempts: number;
  baseMs: number;
  factor: number;
  capMs: number;
}>;

/**
 * The longest waits before try 2, 3, …; full jitter draws each one evenly from nothing to that, so that what failed
 * together does not come back together (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 *   ingress-events       1 s  2 s  4 s  8 s 16 s 32 s 1 m  1 m 1 m                       ≤  4 min in all
 *   orchestration-flows  2 s  4 s  8 s 16 s 32 s 1 m  2 m                                 ≤  4 min
 *   integration-tasks    5 s 10 s 20 s 40 s 80 s 3 m  5 m 10 m 10 m 10 m 10 m             ≤ 51 min
 *   notifications        5 s 10 s 20 s 40 s 80 s 3 m  5 m                                 ≤ 10 min
 *   analytics-events     1 s  2 s  4 s  8 s 16 s 30 s 30 s 30 s 30 s                      ≤  2 min
 */
export const RETRY_RULES: Readonly<Record<Queue, RetryRule>> = {
  'ingress-events': { attempts: 10, baseMs: 1_000, factor: 2, capMs: 60_000 },
  'orchestration-flows': { attempts: 8, baseMs: 2_000, factor: 2, capMs: 120_000 },
  'integration-tasks': { attempts: 12, baseMs: 5_000, factor: 2, capMs: 600_000 },
  notifications: { attempts: 8, baseMs: 5_000, factor: 2, capMs: 300_000 },
  'analytics-events': { attempts: 10, baseMs: 1_000, factor: 2, capMs: 30_000 },
};

/** What one type of job needs otherwise than the rest of its queue. */
export type RetryOverrides = Readonly<Partial<Record<EventType, Partial<RetryRule>>>>;

/** `type` as the job names it: a newer process may have published one that is unknown here. */
export function retryRule(queue: Queue, type: string, overrides: RetryOverrides = {}): RetryRule {
  return { ...RETRY_RULES[queue], ...(isEventType(type) ? overrides[type] : {}) };
}

/** The failure can not go away by trying again: wrong data, a broken rule. The job ends as a dead letter at once. */
export class UnrecoverableJobError extends Error {
  override readonly name = 'UnrecoverableJobError';
  readonly code = 'unrecoverable_job';
}

export type RetryDecision = Readonly<{ kind: 'retry'; delayMs: number }> | Readonly<{ kind: 'dead'; cause: string }>;

/** What is known of a failed try. */
export type Failure = Readonly<{
  attempt: number;
  isPermanent: boolean;
  /** What the other side asked for, as in `Retry-After`; we never come back sooner. */
  retryAfterMs?: number;
}>;

/** A day: whoever asks for a longer pause would outlive what the transport keeps. */
const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1_000;

/** Pure: `random` is in [0, 1). */
export function decideRetry(rule: RetryRule, failure: Failure, random: number): RetryDecision {
  const { attempt, isPermanent, retryAfterMs = 0 } = failure;
  if (isPermanent) return { kind: 'dead', cause: 'unrecoverable' };
  if (attempt >= rule.attempts) return { kind: 'dead', cause: 'attempts-exhausted' };
  const jittered = Math.round(Math.min(rule.capMs, rule.baseMs * rule.factor ** (attempt - 1)) * random);
  return { kind: 'retry', delayMs: Math.max(jittered, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)) };
}
