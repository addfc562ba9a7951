import type { NewEvent, RecordedEvent } from '../domain/envelope.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { Queue } from '../domain/queues.ts';
import { typesRoutedTo } from '../domain/queues.ts';
import { classifyStoreError } from '../event-store/store-errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Consumer, Delivery, Disposition, Message, Transport } from '../transports/transport.ts';
import { buryJob, recordFailedAttempt } from './bury-job.ts';
import type { CallDeps } from './effect-log.ts';
import { performCall } from './effect-log.ts';
import type { FollowUp, Handler, HandlerResult } from './handler.ts';
import { isExpired } from './job-deadline.ts';
import type { Attempt } from './job-rows.ts';
import type { JobStore } from './job-store.ts';
import type { Failure, RetryOverrides } from './retry-policy.ts';
import { decideRetry, retryRule, UnrecoverableJobError } from './retry-policy.ts';
import type { CallsOutcome, OutboundCall } from './run-calls.ts';
import { runCalls } from './run-calls.ts';
import type { JobOrder } from './take-jobs.ts';

/** What is told of each job that ended or goes on, for metrics. */
export type JobObserver = Readonly<{
  ended(job: { queue: Queue; outcome: 'done' | 'retry' | 'dead' | 'snoozed'; durationMs: number }): void;
}>;

export type WorkerDeps = Readonly<{
  pool: Pool;
  store: JobStore;
  transport: Transport;
  queue: Queue;
  handler: Handler;
  concurrency: number;
  /**
   * Jobs of one stream are handled in the order of its events. After a dead job its stream goes on, or holds until the
   * job is redriven or purged. Without it, in any order.
   */
  order?: Readonly<{ onDead: 'go-on' | 'hold' }>;
  retries?: RetryOverrides;
  /** What calls to the outside are made with, for handlers that ask for some. */
  calls?: CallDeps;
  logger: Logger;
  now: () => Date;
  random: () => number;
  newId: () => string;
  observer?: JobObserver;
  /** Called after each commit that appended events. */
  onAppended: () => void;
  /** Between the commit and the acknowledgement: where a crash repeats a delivery. */
  onCommitted?: (message: Message) => void | Promise<void>;
}>;

const SCOPE = { tenant: '*' };
/** When even the failure can not be recorded, PostgreSQL is the trouble: come back, lose nothing. */
const RECORDING_FAILED_DELAY_MS = 5_000;
/** The job before it is mostly being handled at this moment. */
const WAITING_SNOOZE_MS = 100;
/** It waits for a person. */
const HELD_SNOOZE_MS = 5_000;

/**
 * Consumes one queue. Per job: inbox look-up, handle with no transaction open, then ONE transaction with the inbox
 * row, the effects and the further events; then the acknowledgement. Jobs that come or end together share their round
 * trips and transactions. A crash anywhere repeats the delivery, and the inbox row makes the repetition change nothing.
 */
export async function runWorker(deps: WorkerDeps): Promise<Consumer> {
  const order: JobOrder | undefined = deps.order && {
    types: typesRoutedTo(deps.queue),
    holds: deps.order.onDead === 'hold',
  };
  return deps.transport.consume(deps.queue, {
    concurrency: deps.concurrency,
    handle: (delivery) => work(deps, order, delivery),
    abandoned: (message, reason) =>
      withTransaction(deps.pool, SCOPE, (tx) =>
        buryJob(tx, message, { cause: 'abandoned-by-transport', detail: reason, attempts: 0 }),
      ),
  });
}

async function work(deps: WorkerDeps, order: JobOrder | undefined, delivery: Delivery): Promise<Disposition> {
  const { message, attempt } = delivery;
  const startedAt = deps.now();
  const log = deps.logger.child({
    queue: message.queue,
    eventId: message.eventId,
    eventType: message.eventType,
    tenantId: message.tenantId,
    attempt,
  });
  const measured = (outcome: Attempt['outcome'], detail?: string): Attempt => {
    const durationMs = deps.now().getTime() - startedAt.getTime();
    deps.observer?.ended({ queue: deps.queue, outcome, durationMs });
    return {
      attempt,
      outcome,
      transport: deps.transport.name,
      startedAt,
      durationMs,
      ...(detail === undefined ? {} : { detail }),
    };
  };
  const job: Job = { deps, delivery, measured, log };
  try {
    const taken = await deps.store.take(message, order);
    switch (taken.state) {
      case 'ended':
        log.debug('job had ended already');
        return { kind: 'ack' };
      case 'missing':
        return await fail(job, noSuchEvent(message));
      case 'waiting':
      case 'held':
        return snooze(job, taken.state === 'held' ? HELD_SNOOZE_MS : WAITING_SNOOZE_MS);
      case 'ready':
        break;
    }
    const { event } = taken;
    if (isExpired(deps.queue, message.generation, event.recordedAt, startedAt)) {
      return await fail(job, 'The job came too late to be of use.', { isPermanent: true }, 'expired');
    }
    const result = await deps.handler(event, {
      signal: delivery.signal,
      attempt,
      isLate: message.generation > 0,
    });
    return await settle(job, event, result);
  } catch (error) {
    return fail(job, error);
  }
}

type Job = Readonly<{
  deps: WorkerDeps;
  delivery: Delivery;
  measured: (outcome: Attempt['outcome'], detail?: string) => Attempt;
  log: Logger;
}>;

async function settle(job: Job, event: RecordedEvent, result: HandlerResult): Promise<Disposition> {
  const { deps, delivery, measured, log } = job;
  switch (result.kind) {
    case 'snooze':
      return snooze(job, result.delayMs);
    case 'retry':
      return fail(job, result.reason, { retryAfterMs: result.retryAfterMs });
    case 'dead':
      return fail(job, result.reason, { isPermanent: true });
    case 'done':
      break;
  }
  const called = await callOutside(job, event, result.calls ?? []);
  switch (called.kind) {
    case 'snooze':
      return snooze(job, called.delayMs);
    case 'retry':
      return fail(job, called.reason, { retryAfterMs: called.retryAfterMs });
    case 'dead':
      return fail(job, called.reason, { isPermanent: true }, called.cause);
    case 'uncertain':
      return fail(job, called.reason, { isPermanent: true }, 'effect-uncertain');
    case 'done':
      break;
  }
  const followUps: readonly FollowUp[] = [result, ...called.followUps];
  const effects = followUps.flatMap((each) => each.effects ?? []);
  const events = followUps.flatMap((each) => each.events ?? []);
  const hasEnded = await deps.store.finish({
    message: delivery.message,
    event,
    attempt: measured('done'),
    effects,
    events: events.map((each) => newEvent(deps, event, each)),
  });
  await deps.onCommitted?.(delivery.message);
  if (events.length > 0) deps.onAppended();
  log.debug({ outcome: hasEnded ? 'done' : 'ended elsewhere' }, 'job ended');
  return { kind: 'ack' };
}

function callOutside(
  { deps: { calls, queue }, delivery: { message, signal } }: Job,
  event: RecordedEvent,
  wanted: readonly OutboundCall<FollowUp>[],
): Promise<CallsOutcome<FollowUp>> {
  return runCalls(wanted, (call) => {
    if (calls === undefined) throw new UnrecoverableJobError(`The worker of ${queue} makes no calls to the outside.`);
    return performCall(calls, message, event, call, signal);
  });
}

function snooze({ deps }: Job, delayMs: number): Disposition {
  deps.observer?.ended({ queue: deps.queue, outcome: 'snoozed', durationMs: 0 });
  return { kind: 'snooze', delayMs };
}

function newEvent(deps: WorkerDeps, cause: RecordedEvent, event: DomainEvent): NewEvent {
  return {
    eventId: deps.newId(),
    event,
    tenantId: cause.tenantId,
    books: cause.books,
    causationId: cause.eventId,
    correlationId: cause.correlationId,
    ...(cause.sourceId === undefined ? {} : { sourceId: cause.sourceId }),
  };
}

/** A failed try: on record, then again later or a dead letter. `cause` is the reason or whatever was thrown. */
async function fail(
  { deps, delivery: { message, attempt }, measured, log }: Job,
  cause: unknown,
  known: Readonly<{ isPermanent?: boolean; retryAfterMs?: number | undefined }> = {},
  deathCause?: string,
): Promise<Disposition> {
  const failure: Failure = {
    attempt,
    isPermanent: known.isPermanent ?? isPermanent(cause),
    ...(known.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs }),
  };
  const decision = decideRetry(retryRule(deps.queue, message.eventType, deps.retries), failure, deps.random());
  const detail = describe(cause);
  try {
    await withTransaction(deps.pool, SCOPE, async (tx) => {
      if (decision.kind === 'dead') {
        await buryJob(tx, message, { cause: deathCause ?? decision.cause, detail, attempts: attempt });
      }
      await recordFailedAttempt(tx, message, measured(decision.kind, detail));
    });
  } catch (recording) {
    log.warn({ err: recording, cause: detail }, 'a failed try could not be recorded; trying again');
    return { kind: 'retry', delayMs: RECORDING_FAILED_DELAY_MS, reason: detail };
  }
  if (decision.kind === 'dead') {
    log.error({ err: cause, cause: deathCause ?? decision.cause }, 'job failed for good; dead letter');
    return { kind: 'ack' };
  }
  log.warn({ err: cause, delayMs: decision.delayMs }, 'job failed; trying again');
  return { kind: 'retry', delayMs: decision.delayMs, reason: detail };
}

/** What PostgreSQL refuses to store it refuses every time. */
function isPermanent(cause: unknown): boolean {
  return cause instanceof UnrecoverableJobError || classifyStoreError(cause) === 'poisoned';
}

function describe(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : 'A handler threw something that is no Error.';
}

function noSuchEvent(message: Message): Error {
  return new UnrecoverableJobError(
    `There is no event at position ${message.position}, which job ${message.key} names.`,
  );
}
