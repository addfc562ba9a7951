import { setTimeout as delay } from 'node:timers/promises';
import { catalogue } from '../../domain/events.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { withReadTransaction } from '../read-transaction.ts';
import { completeStatementIssue } from './complete-statement-issue.ts';
import { readStatementSteps } from './read-statements.ts';
import type { IssuedStatement } from './read-statements.ts';
import { requestStatementIssue } from './request-statement-issue.ts';
import { StatementRefusedError } from './statement-errors.ts';

/** Without a statement the request stands; a server completes it when its read model has come so far. */
export type StatementIssue = Readonly<{ statementId: string; cutOff: bigint; statement: IssuedStatement | undefined }>;

const LOOK_AGAIN_MS = 100;

/**
 * Asks for a statement and waits up to `waitMs` for its second step, which this or another process takes. Safe to repeat
 * while it is pending.
 * @throws what `requestStatementIssue` throws, and StatementRefusedError with what is in the way.
 */
export async function issueStatement(
  deps: CommandDeps & Readonly<{ onAppended?: () => void }>,
  command: Parameters<typeof requestStatementIssue>[1],
  waitMs: number,
): Promise<StatementIssue> {
  const request = await requestStatementIssue(deps, command);
  deps.onAppended?.();
  const until = performance.now() + waitMs;
  for (;;) {
    await completeStatementIssue(deps);
    const steps = await withReadTransaction(deps.pool, {}, (tx) => readStatementSteps(tx, request.statementId));
    const refused = steps.find(({ step }) => step === 'refused');
    if (refused !== undefined) {
      const { reasons } = catalogue.StatementIssueRefused.data.parse(refused.data);
      throw new StatementRefusedError(request.statementId, reasons);
    }
    const issued = steps.find(({ step }) => step === 'issued');
    if (issued !== undefined) {
      deps.onAppended?.();
      return { ...request, statement: catalogue.StatementIssued.data.parse(issued.data) };
    }
    if (performance.now() > until) return { ...request, statement: undefined };
    await delay(LOOK_AGAIN_MS);
  }
}
