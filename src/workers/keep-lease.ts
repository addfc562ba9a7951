import type { Moment } from '../platform/clock.ts';
import { elapsedMs, momentBy } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import { renewLease } from './intents.ts';

export type LeaseDeps = Readonly<{
  pool: Pool;
  now: () => Date;
  /** An owner that is silent for so long is taken for dead; a living one speaks three times in it. */
  leaseMs: number;
  /** Calls `renew` until it answers false or `stop` is aborted; when left out, each third of the lease. */
  renewals?: (renew: () => Promise<boolean>, stop: AbortSignal) => void;
  logger: Logger;
}>;

/** An intent that this process owns. */
export type Owned = Readonly<{
  key: string;
  token: string;
  /** From before the database gave the lease. */
  leasedAt: Moment;
}>;

export type KeptLease = Readonly<{
  /** Aborted when somebody else has taken the effect over, or decided about it. */
  lost: AbortSignal;
  /** Counted from before the database gave it: it always ends here first. */
  isOver(): boolean;
  /** Renews it no more; it runs out, unless a report ends it. */
  end(): void;
}>;

/**
 * Keeps the lease of an effect while its owner lives, by the database's clock and under the owner's token. Where it ran
 * out meanwhile, it comes back to life as long as nobody has taken the effect over. While PostgreSQL does not answer it
 * is tried again: then nobody else can take it over either.
 */
export function keepLease({ pool, now, leaseMs, renewals, logger }: LeaseDeps, owned: Owned): KeptLease {
  const { key, token } = owned;
  const stop = new AbortController();
  const lost = new AbortController();
  let { leasedAt } = owned;

  async function renew(): Promise<boolean> {
    if (stop.signal.aborted) return false;
    const askedAt = momentBy(now);
    if (await renewLease(pool, key, token, leaseMs)) {
      leasedAt = askedAt;
      return true;
    }
    // Not when its own report has ended it at this moment.
    if (!stop.signal.aborted) {
      lost.abort();
      logger.warn({ effectId: key }, 'the lease of a call was lost; what becomes of the call is still reported');
    }
    return false;
  }

  async function renewInTime(): Promise<void> {
    const pause = createWakeSignal();
    for (let isHeld = true; isHeld;) {
      await pause.wait(leaseMs / 3, stop.signal);
      try {
        isHeld = await renew();
      } catch (error) {
        logger.warn({ err: error, effectId: key }, 'the lease of a call could not be renewed; trying again');
      }
    }
  }

  if (renewals === undefined) void renewInTime();
  else renewals(renew, stop.signal);
  return {
    lost: lost.signal,
    isOver: () => lost.signal.aborted || elapsedMs(leasedAt, now) >= leaseMs,
    end: () => stop.abort(),
  };
}
