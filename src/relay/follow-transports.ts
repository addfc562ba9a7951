import type { Logger } from '../platform/logger.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import type { TransportsInUse } from './transports-in-use.ts';

export type TransportFollower = Readonly<{
  /** As of the last look. */
  current(): TransportsInUse;
  /** Looks, and tells of a switch. */
  tick(): Promise<void>;
  /** Looks every second. */
  run(signal: AbortSignal): Promise<void>;
}>;

export type TransportFollowerDeps = Readonly<{
  pool: Pool;
  logger: Logger;
  transports: (tx: Tx) => Promise<TransportsInUse>;
  /** Called after a switch was seen; called again at the next look when it throws. */
  onSwitched: (transports: TransportsInUse) => void | Promise<void>;
}>;

const SCOPE = { tenant: '*' };
const INTERVAL_MS = 1_000;

/** Tells this process of an operator's switches. Resolves once it knows what is in force. */
export async function followTransports(deps: TransportFollowerDeps): Promise<TransportFollower> {
  const { pool, logger, transports, onSwitched } = deps;
  let current = await withTransaction(pool, SCOPE, transports);

  async function tick(): Promise<void> {
    const next = await withTransaction(pool, SCOPE, transports);
    if (next.epoch === current.epoch) return;
    await onSwitched(next);
    current = next;
    logger.warn({ epoch: String(next.epoch), transport: next.inForce.name }, 'the transport was switched');
  }

  return {
    current: () => current,
    tick,
    async run(abort) {
      while (!abort.aborted) {
        await createWakeSignal().wait(INTERVAL_MS, abort);
        if (abort.aborted) return;
        try {
          await tick();
        } catch (error) {
          logger.warn({ err: error }, 'not known whether the transport was switched; looking again');
        }
      }
    },
  };
}
