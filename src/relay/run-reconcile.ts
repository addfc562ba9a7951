import { createProcessLease } from '../event-store/process-lease.ts';
import { withTransaction } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import { TransportUnavailableError } from '../transports/transport.ts';
import { createReconciler } from './reconcile.ts';
import type { Reconciler, ReconcilerDeps, Reconciliation } from './reconcile.ts';

export type ReconcileRunner = Readonly<{
  /** One look, as the holder of the lease; undefined when another one holds it. */
  tick(): Promise<Reconciliation | undefined>;
  run(signal: AbortSignal): Promise<void>;
  /** Something was switched: look now. */
  wake(): void;
  close(): Promise<void>;
}>;

export type ReconcileRunnerDeps = ReconcilerDeps &
  Readonly<{
    /** Unique per process. */
    owner: string;
    /** Called after each look that appended outbox rows. */
    onAppended: () => void;
  }>;

const SCOPE = { tenant: '*' };
const INTERVAL_MS = 5_000;
const LEASE_SECONDS = 30;
const REMEMBER_INTERVAL_MS = 30_000;

/**
 * Looks for lost jobs every five seconds, in one relay of all. As a rule at what was published longer ago than its
 * queue's lease; at everything when it begins, when the transport is another one, and when the transport has lost the
 * canary, which tells a store that was wiped. One that was restored from an old copy has it: the lease finds that.
 */
export function createReconcileRunner(deps: ReconcileRunnerDeps): ReconcileRunner {
  const { pool, logger, owner } = deps;
  const signal = createWakeSignal();
  const lease = createProcessLease({ pool, name: 'reconcile', owner, seconds: LEASE_SECONDS });
  let reconciler: Reconciler | undefined;
  let rememberedAt = -Infinity;
  /** The epoch in which everything was looked at. */
  let knownEpoch: bigint | undefined;

  function forget(): void {
    reconciler = undefined;
    knownEpoch = undefined;
  }

  async function tick(): Promise<Reconciliation | undefined> {
    if (!(await lease.hold())) {
      forget();
      return undefined;
    }
    const transports = await withTransaction(pool, SCOPE, deps.transports);
    reconciler ??= createReconciler(deps);
    const isWiped = !(await transports.inForce.hasCanary());
    const isNew = knownEpoch !== transports.epoch;
    const reason = reasonOf({ isWiped, isNew, transport: transports.inForce.name });
    const found = await reconciler.look({ everything: isWiped || isNew, by: 'reconcile', reason });
    if (found.isComplete) {
      // Not before: whoever takes over from a look that was cut short must see that there was reason for it.
      if (isWiped) await transports.inForce.setCanary();
      knownEpoch = transports.epoch;
    }
    report(found, { isWiped, reason });
    if (performance.now() - rememberedAt >= REMEMBER_INTERVAL_MS) {
      await reconciler.remember();
      rememberedAt = performance.now();
    }
    return found;
  }

  function report(found: Reconciliation, { isWiped, reason }: Readonly<{ isWiped: boolean; reason: string }>): void {
    if (Object.keys(found.republished).length > 0) {
      deps.onAppended();
      logger.error({ ...found, reason }, 'jobs were lost; they are published again');
    } else if (isWiped) {
      logger.info({ ...found }, 'the queues are new or were wiped; nothing was lost');
    } else logger.debug({ ...found }, 'looked for lost jobs');
  }

  return {
    tick,
    wake: signal.wake,
    async run(abort) {
      while (!abort.aborted) {
        let isComplete = true;
        try {
          isComplete = (await tick())?.isComplete ?? true;
        } catch (error) {
          // While the queues do not answer, nothing is known; what is lost is found when they do.
          const level = error instanceof TransportUnavailableError ? 'debug' : 'warn';
          logger[level]({ err: error }, 'reconcile: look failed; the next one looks again');
        }
        if (isComplete) await signal.wait(INTERVAL_MS, abort);
      }
    },
    async close() {
      await reconciler?.remember();
      forget();
      await lease.release();
    },
  };
}

function reasonOf(look: Readonly<{ isWiped: boolean; isNew: boolean; transport: string }>): string {
  if (look.isWiped) return `${look.transport} is new or was wiped, and held no such job`;
  if (look.isNew) return `${look.transport} held no such job at the first look after a start or switch`;
  return `${look.transport} held no such job, and it had not ended`;
}
