import type { Logger } from '../platform/logger.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import type { CommandDeps } from '../tenants/administrative-command.ts';
import { completePeriodClose } from './periods/complete-period-close.ts';
import { completeStatementIssue } from './statements/complete-statement-issue.ts';

export type DecisionCompleter = Readonly<{
  /** Takes the second step of what was asked for and is ready; answers whether it did. */
  tick(): Promise<boolean>;
  run(signal: AbortSignal): Promise<void>;
}>;

const LOOK_AGAIN_MS = 1_000;

/**
 * A close of a month and the issue of a statement have two steps, and whoever asked may be gone before the second: here a
 * server takes it, when its read models have reached the cut-off. Any number may run at once; the command's lock lets one decide.
 */
export function createDecisionCompleter({
  logger,
  onAppended,
  ...deps
}: CommandDeps & Readonly<{ logger: Logger; onAppended: () => void }>): DecisionCompleter {
  async function tick(): Promise<boolean> {
    const statement = await completeStatementIssue(deps);
    if (statement.outcome === 'issued' || statement.outcome === 'refused') {
      logger.info({ statementId: statement.statementId, outcome: statement.outcome }, 'statement decided');
      onAppended();
      return true;
    }
    const closing = await completePeriodClose(deps);
    if (closing.outcome === 'closed' || closing.outcome === 'refused') {
      const { period, revision, outcome } = closing;
      logger.info({ period, revision, outcome }, 'period decided');
      onAppended();
      return true;
    }
    return false;
  }

  return {
    tick,
    async run(signal) {
      while (!signal.aborted) {
        let hasMore = false;
        try {
          hasMore = await tick();
        } catch (error) {
          logger.warn({ err: error }, 'finance decision not completed; it is tried again');
        }
        if (!hasMore) await createWakeSignal().wait(LOOK_AGAIN_MS, signal);
      }
    },
  };
}
