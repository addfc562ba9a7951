import { setTimeout as delay } from 'node:timers/promises';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { withReadTransaction } from '../read-transaction.ts';
import { completePeriodClose } from './complete-period-close.ts';
import { PeriodNotReadyError } from './period-errors.ts';
import type { PeriodCheck } from './period-errors.ts';
import { EVERYTHING } from './read-periods.ts';
import { readPeriodDecisions } from './read-period.ts';
import type { PeriodDecision } from './read-period.ts';
import { requestPeriodClose } from './request-period-close.ts';
import type { PeriodCloseRequest } from './request-period-close.ts';

/** `closing`: the request stands; a server completes it when its read models have come so far. */
export type PeriodClosing = PeriodCloseRequest &
  Readonly<{ state: 'closed' | 'closing'; checks: readonly PeriodCheck[]; sha256: string | null }>;

const LOOK_AGAIN_MS = 100;

/**
 * Asks for the close of a month and waits up to `waitMs` for its second step, which this or another process takes. Safe
 * to repeat.
 * @throws what `requestPeriodClose` throws, and PeriodNotReadyError, named checks in it, when the close was refused.
 */
export async function closePeriod(
  deps: CommandDeps & Readonly<{ onAppended?: () => void }>,
  command: Parameters<typeof requestPeriodClose>[1],
  waitMs: number,
): Promise<PeriodClosing> {
  const request = await requestPeriodClose(deps, command);
  deps.onAppended?.();
  const until = performance.now() + waitMs;
  for (;;) {
    await completePeriodClose(deps);
    const decision = await findDecision(deps, request);
    if (decision?.state === 'refused') throw new PeriodNotReadyError(request.period, decision.checks);
    if (decision !== undefined) {
      deps.onAppended?.();
      return { ...request, state: 'closed', checks: decision.checks, sha256: decision.sha256 };
    }
    if (performance.now() > until) return { ...request, state: 'closing', checks: [], sha256: null };
    await delay(LOOK_AGAIN_MS);
  }
}

async function findDecision(
  { pool }: CommandDeps,
  { period, cutOff }: PeriodCloseRequest,
): Promise<PeriodDecision | undefined> {
  const decisions = await withReadTransaction(pool, {}, (tx) => readPeriodDecisions(tx, period, EVERYTHING));
  return decisions.find(
    (each) => each.cutOff === String(cutOff) && (each.state === 'closed' || each.state === 'refused'),
  );
}
