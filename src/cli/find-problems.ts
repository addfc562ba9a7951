import type { Attention } from './queries/count-attention.ts';
import type { LaneBehind } from './queries/list-lanes-behind.ts';
import type { ListedProjection } from './queries/list-projections.ts';
import type { LogStatus } from './queries/read-log-status.ts';
import type { QueueDepths } from './queue-depths.ts';

export type Health = Readonly<{
  log: LogStatus;
  projections: readonly ListedProjection[];
  lanesBehind: readonly LaneBehind[];
  queues: QueueDepths;
  attention: Attention;
}>;

/** What waits longer than this waits for something that is broken. */
const MAX_WAIT_SECONDS = 60;
/** An appender that hangs is ended after two seconds; the mark follows within one. */
const MAX_MARK_AGE_SECONDS = 10;

/**
 * What is wrong with the machinery, in words, each with what to do next; nothing when it is healthy. What waits for a
 * person (unmapped, unassigned, conflicts) is no fault of the machinery, except a job that died.
 */
export function findProblems({ log, projections, lanesBehind, queues, attention }: Health): readonly string[] {
  const problems: string[] = [];
  if (!log.isTracked) {
    problems.push('No process moves the high-water mark: start one with the role relay or projector.');
  } else if (log.unmarkedSeconds > MAX_MARK_AGE_SECONDS) {
    problems.push(
      `The high-water mark stands at ${log.mark} for ${Math.floor(log.unmarkedSeconds)} s with events above it: look for an appender that hangs, in pg_locks.`,
    );
  }
  if (log.shardsHeld < log.shards) {
    problems.push(
      `No relay holds ${log.shards - log.shardsHeld} of ${log.shards} shards: start one with the role relay.`,
    );
  }
  for (const { name, version, state, lagSeconds } of projections) {
    if (state !== 'active' || lagSeconds <= MAX_WAIT_SECONDS) continue;
    problems.push(
      `The read model ${name} v${version} is ${Math.floor(lagSeconds)} s behind: see the log of the process with the role projector.`,
    );
  }
  const stuck = lanesBehind.filter(({ oldestSeconds }) => oldestSeconds > MAX_WAIT_SECONDS);
  if (stuck.length > 0) {
    problems.push(`${stuck.length} lanes wait for more than ${MAX_WAIT_SECONDS} s: see hookledger relay status.`);
  }
  if (queues.depths.some(({ depth }) => depth === undefined)) {
    problems.push(`The queues on ${queues.transport} do not answer; work waits in the outbox until they do.`);
  }
  if (attention.deadLetters > 0) {
    problems.push(`${attention.deadLetters} jobs ended without success: see hookledger dead-letters list.`);
  }
  return problems;
}
