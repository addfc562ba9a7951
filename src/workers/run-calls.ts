import type { OutboundResult } from '../adapters/adapter.ts';
import type { CallOutcome, WantedCall } from './effect-log.ts';

/** A call that a handler asks for. `onDone` says, as pure data, what is to be written now that it is done. */
export type OutboundCall<FollowUp> = WantedCall & Readonly<{ onDone?: (result: OutboundResult) => FollowUp }>;

export type CallsOutcome<FollowUp> =
  Readonly<{ kind: 'done'; followUps: readonly FollowUp[] }> | Exclude<CallOutcome, { kind: 'done' }>;

/**
 * Performs a handler's calls one after the other and stops at the first that is not done. Safe to repeat: those that
 * are done answer the same result again, so that the follow-ups come out as before.
 */
export async function runCalls<FollowUp>(
  calls: readonly OutboundCall<FollowUp>[],
  perform: (call: WantedCall) => Promise<CallOutcome>,
): Promise<CallsOutcome<FollowUp>> {
  const followUps: FollowUp[] = [];
  for (const { onDone, ...call } of calls) {
    const outcome = await perform(call);
    if (outcome.kind !== 'done') return outcome;
    if (onDone !== undefined) followUps.push(onDone(outcome.result));
  }
  return { kind: 'done', followUps };
}
