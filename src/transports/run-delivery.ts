import type { Logger } from '../platform/logger.ts';
import type { ConsumeOptions, Delivery, Disposition } from './transport.ts';

/** How long handlers that were told to stop have to give their jobs back before they are left behind. */
export const ABORT_GRACE_MS = 1_000;

/**
 * How many workers may die under a job before it is given up. A job that kills its worker each time takes that worker's
 * other jobs down with it: with a lock of 10 s and a check every 4 s, twenty deaths are about four minutes of that.
 */
export const MAX_DEATHS = 20;

const throwRetryDelayMs = 1_000;

export type Verdict = Disposition | Readonly<{ kind: 'abandoned'; reason: string }>;

export type DeliveryDeps = Readonly<{
  handlers: Pick<ConsumeOptions, 'handle' | 'abandoned'>;
  maxDeaths: number;
  logger: Logger;
}>;

/**
 * What becomes of one delivery, the same on every transport; never throws. `deaths` is how many workers died under this
 * job. Giving up is decided here, before the job leaves its queue: a worker that dies while it records that has the job
 * delivered again, to be given up again.
 */
export async function runDelivery(deps: DeliveryDeps, delivery: Delivery, deaths: number): Promise<Verdict> {
  const { handlers, maxDeaths, logger } = deps;
  const { key } = delivery.message;
  try {
    if (deaths <= maxDeaths) return await handlers.handle(delivery);
    const reason = `${deaths} workers died or lost their lock while they held the job`;
    await handlers.abandoned(delivery.message, reason);
    return { kind: 'abandoned', reason };
  } catch (err) {
    // A handler that stops because it was told to has not failed: the next one to get the job makes the same attempt.
    if (delivery.signal.aborted) return { kind: 'snooze', delayMs: 0 };
    logger.error({ err, key, attempt: delivery.attempt }, 'job handler threw; the job is tried again');
    // The reason is stored with the job, so it must not carry the message of an error that nobody vetted.
    return { kind: 'retry', delayMs: throwRetryDelayMs, reason: `handler threw ${errorName(err)}` };
  }
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
