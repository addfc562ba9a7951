import type { Queue } from '../domain/queues.ts';

export type RetryRule = Readonly<{
  /** Tries in all, the first included. */
  attempts: number;
  baseMs: number;
  capMs: number;
  /** Share of the delay that is random: 0.2 gives 80 % to 100 % of it. */
  jitter: number;
}>;

/**
 * Waits before try 2, 3, …, without jitter:
 *   ingress-events       1 s  2 s  4 s  8 s 16 s 32 s 1 m  1 m 1 m                       ≈  4 min in all
 *   orchestration-flows  2 s  4 s  8 s 16 s 32 s 1 m  2 m                                 ≈  4 min
 *   integration-tasks    5 s 10 s 20 s 40 s 80 s 3 m  5 m 10 m 10 m 10 m 10 m             ≈ 51 min
 *   notifications        5 s 10 s 20 s 40 s 80 s 3 m  5 m                                 ≈ 10 min
 *   analytics-events     1 s  2 s  4 s  8 s 16 s 30 s 30 s 30 s 30 s                      ≈  2 min
 */
export const RETRY_RULES: Readonly<Record<Queue, RetryRule>> = {
  'ingress-events': { attempts: 10, baseMs: 1_000, capMs: 60_000, jitter: 0.2 },
  'orchestration-flows': { attempts: 8, baseMs: 2_000, capMs: 120_000, jitter: 0.2 },
  'integration-tasks': { attempts: 12, baseMs: 5_000, capMs: 600_000, jitter: 0.2 },
  notifications: { attempts: 8, baseMs: 5_000, capMs: 300_000, jitter: 0.2 },
  'analytics-events': { attempts: 10, baseMs: 1_000, capMs: 30_000, jitter: 0.2 },
};

/** The failure can not go away by trying again: wrong data, a broken rule. The job ends as a dead letter at once. */
export class UnrecoverableJobError extends Error {
  override readonly name = 'UnrecoverableJobError';
  readonly code = 'unrecoverable_job';
}

export type RetryDecision = Readonly<{ kind: 'retry'; delayMs: number }> | Readonly<{ kind: 'dead'; cause: string }>;

/** Pure: `random` is in [0, 1). */
export function decideRetry(rule: RetryRule, attempt: number, error: unknown, random: number): RetryDecision {
  if (error instanceof UnrecoverableJobError) return { kind: 'dead', cause: 'unrecoverable' };
  if (attempt >= rule.attempts) return { kind: 'dead', cause: 'attempts-exhausted' };
  const full = Math.min(rule.capMs, rule.baseMs * 2 ** (attempt - 1));
  return { kind: 'retry', delayMs: Math.round(full * (1 - rule.jitter * random)) };
}
