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
import type { DeclaredHandler, FollowUp, HandlerResult } from './handler.ts';
import { isExpired } from './job-deadline.ts';
import type { Attempt } from './job-rows.ts';
import type { JobStore } from './job-store.ts';
import type { Failure, RetryOverrides } from './retry-policy.ts';
import { decideRetry, retryRule, UnrecoverableJobError } from './retry-policy.ts';
import type { CallsOutcome, OutboundCall } from './run-calls.ts';
import { runCalls } from './run-calls.ts';
import type { JobOrder } from './take-jobs.ts';
import { createNextJobsWaker } from './wake-next-jobs.ts';

/** What is told of each job that ended or goes on, for metrics. */
export type JobObserver = Readonly<{
  ended(job: { queue: Queue; outcome: 'done' | 'retry' | 'dead' | 'snoozed'; durationMs: number }): void;
}>;

export type WorkerDeps = DeclaredHandler &
  Readonly<{
    pool: Pool;
    store: JobStore;
    transport: Transport;
    queue: Queue;
    concurrency: number;
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
/** The end of the job before wakes it; these bring it back where that goes amiss. */
const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 10_000;

/**
 * Consumes one queue. Per job: inbox look-up, handle with no transaction open, then ONE transaction with the inbox
 * row, the effects and the further events; then the acknowledgement. Jobs that come or end together share their round
 * trips and transactions. A crash anywhere repeats the delivery, and the inbox row makes the repetition change nothing.
 */
export async function runWorker(deps: WorkerDeps): Promise<Consumer> {
  const order = deps.order && streamOrder(deps);
  return deps.transport.consume(deps.queue, {
    concurrency: deps.concurrency,
    handle: (delivery) => work(deps, order, delivery),
    abandoned: async (message, reason) => {
      await withTransaction(deps.pool, SCOPE, (tx) =>
        buryJob(tx, message, { cause: 'abandoned-by-transport', detail: reason, attempts: 0 }),
      );
      order?.ended(message, 'dead');
    },
  });
}

/** Of a queue whose jobs are handled in the order of each stream. */
type StreamOrder = JobOrder &
  Readonly<{
    /** Called after each commit that ended a job. */
    ended(message: Message, outcome: 'done' | 'dead'): void;
  }>;

function streamOrder({ pool, transport, queue, onDead, logger }: WorkerDeps): StreamOrder {
  const types = typesRoutedTo(queue);
  const holds = onDead === 'hold';
  const wakeNext = createNextJobsWaker({ pool, transport, types, logger });
  return {
    types,
    holds,
    ended(message, outcome) {
      if (outcome === 'done' || !holds) wakeNext(message);
    },
  };
}

async function work(deps: WorkerDeps, order: StreamOrder | undefined, delivery: Delivery): Promise<Disposition> {
  const { message, attempt } = delivery;
  const startedAt = deps.now();
  const begunAt = performance.now();
  const measured = (outcome: Attempt['outcome'], detail?: string): Attempt => {
    const durationMs = Math.round(performance.now() - begunAt);
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
  const job: Job = { deps, delivery, measured, ended: (outcome) => order?.ended(message, outcome) };
  try {
    const taken = await deps.store.take(message, order);
    switch (taken.state) {
      case 'ended':
        deps.logger.debug(jobFields(delivery), 'job had ended already');
        job.ended('done');
        return { kind: 'ack' };
      case 'missing':
        return await fail(job, noSuchEvent(message));
      case 'waiting':
      case 'held':
        return snooze(job, Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** (delivery.deliveries - 1)));
      case 'ready':
        break;
    }
    const { event, ageMs } = taken;
    if (isExpired(deps.queue, message.generation, ageMs)) {
      return await fail(job, 'The job came too late to be of use.', { isPermanent: true }, 'expired');
    }
    const result = await deps.handler(event, {
      signal: delivery.signal,
      attempt,
      isLate: message.generation > 0,
      key: message.key,
      ageMs,
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
  /** Called after the commit that ended it. */
  ended: (outcome: 'done' | 'dead') => void;
}>;

async function settle(job: Job, event: RecordedEvent, result: HandlerResult): Promise<Disposition> {
  const { deps, delivery, measured, ended } = job;
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
  ended('done');
  if (events.length > 0) deps.onAppended();
  deps.logger.debug({ ...jobFields(delivery), outcome: hasEnded ? 'done' : 'ended elsewhere' }, 'job ended');
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

/** Names the job in a log line. A logger of each job's own would redact these at once, for lines that few jobs write. */
function jobFields({ message, attempt }: Delivery) {
  const { queue, eventId, eventType, tenantId } = message;
  return { queue, eventId, eventType, tenantId, attempt };
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
  { deps, delivery, measured, ended }: Job,
  cause: unknown,
  known: Readonly<{ isPermanent?: boolean; retryAfterMs?: number | undefined }> = {},
  deathCause?: string,
): Promise<Disposition> {
  const { message, attempt } = delivery;
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
    deps.logger.warn(
      { ...jobFields(delivery), err: recording, cause: detail },
      'a failed try could not be recorded; trying again',
    );
    return { kind: 'retry', delayMs: RECORDING_FAILED_DELAY_MS, reason: detail };
  }
  if (decision.kind === 'dead') {
    ended('dead');
    deps.logger.error(
      { ...jobFields(delivery), err: cause, cause: deathCause ?? decision.cause },
      'job failed for good; dead letter',
    );
    return { kind: 'ack' };
  }
  deps.logger.warn({ ...jobFields(delivery), err: cause, delayMs: decision.delayMs }, 'job failed; trying again');
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
