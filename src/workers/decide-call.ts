import type { Declared } from '../adapters/adapter.ts';

/** An intent as a job finds it. */
export type StandingIntent = Readonly<{
  state: 'open' | 'done' | 'uncertain';
  /** Until its owner's lease ends; 0 when it has. */
  leaseMs: number;
  /** Until the other side has surely done, or never will do, what it was asked for last; 0 when that is so. */
  unsettledMs: number;
  /** A call was begun, and nobody knows yet whether the other side carried it out. */
  isUnanswered: boolean;
  /** What the adapter declared when it was called last. */
  declared: Declared;
  isSameRequest: boolean;
}>;

export type NextStep = 'reuse' | 'wait' | 'call' | 'look-up' | 'give-up' | 'refuse-change' | 'uncertain';

/**
 * What a job may do about an effect that was intended before. Pure.
 *
 *   done                                  reuse         the result is there
 *   uncertain                             uncertain     a person decides
 *   open, lease alive                     wait          somebody is at it
 *   open, lease over, nothing unanswered  call          what was called certainly did nothing
 *   open, lease over, unanswered:
 *     idempotent                          call          with the same key
 *     idempotent, another request         refuse-change the key stands for what was asked first
 *     queryable, may still be on its way  wait          a look-up that comes first would not find it
 *     queryable                           look-up
 *     neither                             give-up       becomes uncertain
 */
export function decideCall(intent: StandingIntent, declared: Declared): NextStep {
  if (intent.state === 'done') return 'reuse';
  if (intent.state === 'uncertain') return 'uncertain';
  if (intent.leaseMs > 0) return 'wait';
  if (!intent.isUnanswered) return 'call';
  // The call that nobody knows about was made under the older declaration.
  if (intent.declared === 'neither') return 'give-up';
  switch (declared) {
    case 'idempotent':
      return intent.isSameRequest ? 'call' : 'refuse-change';
    case 'queryable':
      return intent.unsettledMs > 0 ? 'wait' : 'look-up';
    case 'neither':
      return 'give-up';
  }
}
