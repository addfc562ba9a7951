import { z } from 'zod';
import { repeatJobs } from '../../event-store/repeat-jobs.ts';
import { parseCommand } from '../../tenants/parse-command.ts';
import type { LetterState } from './dead-letter.ts';
import type { LetterOrder, WalkDeps, WalkOptions, WalkResult } from './walk-dead-letters.ts';
import { walkDeadLetters } from './walk-dead-letters.ts';

/** Jobs per second: a cause that is only half mended is hit no harder than that. */
export const DEFAULT_REDRIVE_RATE = 50;
export const REDRIVEN_STATES: readonly LetterState[] = ['open'];
/** One transaction's worth: the append lock is held for its end. */
const MAX_BATCH = 500;

export const redriveRate = z.number().int().min(1, 'is one a second at least').max(10_000);

/**
 * Publishes the jobs of open letters once more, at the rate, each as the next generation and by an event that says who
 * asked for it and why. Safe to repeat, and to go on with what is left: a job that was redriven is open no longer. One
 * that dies again during the run is not redriven again by it.
 * @throws InvalidCommandError for a rate, name or reason that makes no sense.
 */
export async function redriveDeadLetters(
  deps: WalkDeps,
  { rate = DEFAULT_REDRIVE_RATE, ...order }: LetterOrder & Readonly<{ rate?: number | undefined }>,
  options: WalkOptions = {},
): Promise<WalkResult> {
  const ratePerSecond = parseCommand(redriveRate, rate);
  return walkDeadLetters(
    deps,
    { order, states: REDRIVEN_STATES, batchSize: Math.min(ratePerSecond, MAX_BATCH), ratePerSecond },
    async (tx, letters, why) => (await repeatJobs(tx, { jobs: letters, type: 'JobRedriven', ...why })).length,
    options,
  );
}
