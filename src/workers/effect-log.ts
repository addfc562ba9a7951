import { setTimeout as delay } from 'node:timers/promises';
import type { CallContext, LookUp, OutboundAdapter, OutboundRequest, OutboundResult } from '../adapters/adapter.ts';
import { CallFailedError, CallNotTakenError, CallRefusedError } from '../adapters/call-errors.ts';
import type { RecordedEvent } from '../domain/envelope.ts';
import type { Moment } from '../platform/clock.ts';
import { elapsedMs, momentBy } from '../platform/clock.ts';
import type { Message } from '../transports/transport.ts';
import { effectKeyOf, requestHashOf } from './effect-identity.ts';
import { beginCall, claimIntent } from './intents.ts';
import type { WantedEffect } from './intents.ts';
import { keepLease } from './keep-lease.ts';
import type { KeptLease, LeaseDeps } from './keep-lease.ts';
import { reportCall, storableJson } from './report-call.ts';
import type { Report } from './report-call.ts';

export type CallDeps = LeaseDeps &
  Readonly<{
    adapters: readonly OutboundAdapter[];
    /** Names this process to people. Who may write is decided by tokens. */
    owner: string;
    /** How long one call may take, and a look-up; the lease is kept meanwhile. */
    callMs: number;
    /** Where a crash leaves something behind; a throw here is like one. */
    reached?: (point: CallPoint, key: string) => void | Promise<void>;
    /** Between tries to write down what became of a call. */
    pause?: (ms: number) => Promise<void>;
  }>;

export type CallPoint = 'intended' | 'answered' | 'reported';

export type WantedCall = Readonly<{
  /** Names the call within its handler; stays what it is when the code around it changes. */
  step: string;
  adapter: string;
  request: OutboundRequest;
  /**
   * Events of one stream that name the same one ask for one effect, which is remembered for ever; without it, each event
   * asks for its own.
   */
  effectKey?: string;
}>;

export type CallOutcome =
  | Readonly<{ kind: 'done'; result: OutboundResult }>
  /** A failed try. */
  | Readonly<{ kind: 'retry'; reason: string; retryAfterMs?: number }>
  /** Somebody else is at it, or this owner was told to stop: come back, without counting as a try. */
  | Readonly<{ kind: 'snooze'; delayMs: number }>
  | Readonly<{ kind: 'dead'; cause: 'call-refused' | 'request-changed' | 'unknown-adapter'; reason: string }>
  /** It may have been done, and nobody may repeat it until a person has decided. */
  | Readonly<{ kind: 'uncertain'; effectId: string; reason: string }>;

/** Somebody else has changed the effect just now. */
const OVERTAKEN_SNOOZE_MS = 1_000;
/** A result that is lost costs a look-up, a repeated call or a person's time: about six seconds of trying. */
const REPORT_PAUSES_MS = [100, 200, 400, 800, 1_600, 3_200] as const;

/**
 * Does one thing outside, by an intent that is committed before the call and a result that is committed right after it;
 * no transaction is open meanwhile. An effect that is done answers its result, and nothing is called. What happens after
 * a crash or without an answer depends on what the adapter declares; see `decideCall`. Safe to repeat, also at once: one
 * owner calls and the others snooze. Throws when PostgreSQL fails; nothing more is called then than is written down.
 */
export async function performCall(
  deps: CallDeps,
  job: Message,
  event: RecordedEvent,
  call: WantedCall,
  signal: AbortSignal,
): Promise<CallOutcome> {
  if (signal.aborted) return { kind: 'snooze', delayMs: 0 };
  const adapter = deps.adapters.find(({ name }) => name === call.adapter);
  if (adapter === undefined) {
    return {
      kind: 'dead',
      cause: 'unknown-adapter',
      reason: `Step ${call.step} calls the adapter ${call.adapter}, which this process does not have; add it and redrive.`,
    };
  }
  const wanted: WantedEffect = {
    key: effectKeyOf(job, event, call),
    job,
    event,
    step: call.step,
    adapter: adapter.name,
    declared: adapter.declared,
    requestHash: requestHashOf(adapter.name, call.request),
    owner: deps.owner,
    leaseMs: deps.leaseMs,
    isShared: call.effectKey !== undefined,
    // A lease longer than its caller waits: for what is still on its way when that gives up.
    settleMs: deps.callMs + deps.leaseMs,
  };
  const begunAt = momentBy(deps.now);
  const context = callContext(deps, wanted, signal);
  const claim = await claimIntent(deps.pool, wanted);
  const { key } = claim;
  switch (claim.next) {
    case 'reuse':
      return { kind: 'done', result: claim.result };
    case 'wait':
      return { kind: 'snooze', delayMs: claim.waitMs };
    case 'uncertain':
      return uncertain(key);
    case 'refuse-change':
      return {
        kind: 'dead',
        cause: 'request-changed',
        reason: `The effect ${key} may have been done as it was asked for first, and is asked for otherwise now; see hookledger effects show ${key}.`,
      };
    case 'call':
    case 'look-up': {
      const lease = keepLease(deps, { key, token: claim.token, leasedAt: begunAt });
      const owned: Owned = {
        deps,
        adapter,
        call,
        wanted,
        signal,
        lease,
        begunAt,
        ...claim,
        context: { ...context, key },
      };
      try {
        return await (claim.next === 'call' ? callOutside(owned) : lookUpFirst(owned));
      } finally {
        lease.end();
      }
    }
  }
}

type Owned = Readonly<{
  deps: CallDeps;
  adapter: OutboundAdapter;
  call: WantedCall;
  wanted: WantedEffect;
  /** Of the job; that of the context ends at the deadline, too. */
  signal: AbortSignal;
  context: CallContext;
  /** From where the time for the call counts. */
  begunAt: Moment;
  lease: KeptLease;
  key: string;
  token: string;
  wasUnanswered: boolean;
}>;

function callContext({ callMs, now }: CallDeps, { key, event }: WantedEffect, signal: AbortSignal): CallContext {
  return {
    key,
    tenantId: event.tenantId,
    deadline: new Date(now().getTime() + callMs),
    signal: AbortSignal.any([signal, AbortSignal.timeout(callMs)]),
  };
}

async function callOutside(owned: Owned): Promise<CallOutcome> {
  const { deps, adapter, call, context, begunAt, lease, key } = owned;
  await deps.reached?.('intended', key);
  // Nothing has been sent yet, so that stopping now leaves nothing in doubt. By the clock, too: after a pause of the
  // whole process its timers come last. What is sent is waited for even when the lease is lost: its result may count.
  const isOver = context.signal.aborted || elapsedMs(begunAt, deps.now) >= deps.callMs || lease.isOver();
  const answer = isOver
    ? { error: new CallNotTakenError(`Call ${key} was stopped before it began.`) }
    : await attempt(() => adapter.call(call.request, context));
  await deps.reached?.('answered', key);
  if ('error' in answer) return failed(owned, answer.error);
  return done(owned, answer.value);
}

async function lookUpFirst(owned: Owned): Promise<CallOutcome> {
  const { deps, adapter, call, wanted, context, signal, lease, key, token } = owned;
  if (adapter.declared !== 'queryable') throw new Error(`Adapter ${adapter.name} cannot look up the call ${key}.`);
  // Without the lease, what it finds counts for nothing.
  const asking = { ...context, signal: AbortSignal.any([context.signal, lease.lost]) };
  const answer = await attempt<LookUp>(() => adapter.lookUp(call.request, asking));
  const found: LookUp =
    'error' in answer ? { kind: 'unknown', reason: reasonOf(adapter.name, answer.error) } : answer.value;
  switch (found.kind) {
    case 'found':
      return done(owned, found.result);
    case 'unknown': {
      const isKept = await report(owned, { kind: 'unknown', afterwards: 'release', error: found.reason });
      return isKept && !signal.aborted ? { kind: 'retry', reason: found.reason } : snooze(signal);
    }
    case 'not-found': {
      const calledAt = momentBy(deps.now);
      const afresh = callContext(deps, wanted, signal);
      if (!(await beginCall(deps.pool, key, token, wanted))) return snooze(signal);
      return callOutside({ ...owned, wasUnanswered: false, begunAt: calledAt, context: { ...afresh, key } });
    }
  }
}

async function done(owned: Owned, result: OutboundResult): Promise<CallOutcome> {
  if (!(await report(owned, { kind: 'done', result }))) return snooze(owned.signal);
  await owned.deps.reached?.('reported', owned.key);
  // As everybody else will read it.
  const stored: OutboundResult = JSON.parse(storableJson(result));
  return { kind: 'done', result: stored };
}

async function failed(owned: Owned, error: unknown): Promise<CallOutcome> {
  const { adapter, signal, wasUnanswered, key } = owned;
  const reason = reasonOf(adapter.name, error);
  if (error instanceof CallRefusedError || error instanceof CallNotTakenError) {
    const isKept = await report(owned, { kind: 'not-done', isUnanswered: wasUnanswered, error: reason });
    if (!isKept) return snooze(signal);
    if (error instanceof CallRefusedError) return { kind: 'dead', cause: 'call-refused', reason };
  } else {
    const afterwards = adapter.declared === 'neither' ? 'uncertain' : 'release';
    const isKept = await report(owned, { kind: 'unknown', afterwards, error: reason });
    if (!isKept) return snooze(signal);
    if (afterwards === 'uncertain') return uncertain(key);
  }
  // Whoever stops because it was told to has not failed.
  if (signal.aborted) return snooze(signal);
  const retryAfterMs =
    error instanceof CallNotTakenError || error instanceof CallFailedError ? error.retryAfterMs : undefined;
  return { kind: 'retry', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Tries again while PostgreSQL does not answer. @throws what the last try threw. */
async function report({ deps, lease, key, token }: Owned, what: Report): Promise<boolean> {
  lease.end();
  const pause = deps.pause ?? delay;
  for (const pauseMs of REPORT_PAUSES_MS) {
    const written = await attempt(() => reportCall(deps.pool, key, token, what));
    if ('value' in written) return written.value;
    await pause(pauseMs);
  }
  return reportCall(deps.pool, key, token, what);
}

async function attempt<T>(act: () => Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error };
  }
}

/** Of an error that nobody vetted only its name: its message may quote what was sent. */
function reasonOf(adapter: string, error: unknown): string {
  if (error instanceof CallRefusedError || error instanceof CallNotTakenError || error instanceof CallFailedError) {
    return error.message;
  }
  return `The adapter ${adapter} threw ${Error.isError(error) ? error.name : 'something that is no Error'}.`;
}

function uncertain(effectId: string): CallOutcome {
  return {
    kind: 'uncertain',
    effectId,
    reason: `Nobody knows whether the effect ${effectId} was done. Find out, then: hookledger effects resolve ${effectId}`,
  };
}

function snooze(signal: AbortSignal): CallOutcome {
  return { kind: 'snooze', delayMs: signal.aborted ? 0 : OVERTAKEN_SNOOZE_MS };
}
