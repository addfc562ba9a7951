import type { NewEvent, RecordedEvent } from '../domain/envelope.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { Queue } from '../domain/queues.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Consumer, Delivery, Disposition, Message, Transport } from '../transports/transport.ts';
import { buryJob, recordFailedAttempt } from './bury-job.ts';
import { finishJob } from './finish-job.ts';
import type { Handler } from './handler.ts';
import type { Attempt } from './job-rows.ts';
import { decideRetry, RETRY_RULES } from './retry-policy.ts';
import { takeJob } from './take-job.ts';

export type WorkerDeps = Readonly<{
  pool: Pool;
  transport: Transport;
  queue: Queue;
  handler: Handler;
  concurrency: number;
  logger: Logger;
  now: () => Date;
  random: () => number;
  newId: () => string;
  /** Called after each commit that appended events. */
  onAppended: () => void;
  /** Between the commit and the acknowledgement: where a crash repeats a delivery. */
  onCommitted?: (message: Message) => void | Promise<void>;
}>;

const SCOPE = { tenant: '*' };
/** When even the failure can not be recorded, PostgreSQL is the trouble: come back, lose nothing. */
const RECORDING_FAILED_DELAY_MS = 5_000;

/**
 * Consumes one queue. Per job: inbox look-up, handle with no transaction open, then ONE transaction with the inbox
 * row, the effects and the further events; then the acknowledgement. A crash anywhere repeats the delivery, and the
 * inbox row makes the repetition change nothing.
 */
export async function runWorker(deps: WorkerDeps): Promise<Consumer> {
  return deps.transport.consume(deps.queue, {
    concurrency: deps.concurrency,
    handle: (delivery) => work(deps, delivery),
    abandoned: (message, reason) =>
      withTransaction(deps.pool, SCOPE, (tx) =>
        buryJob(tx, message, { cause: 'abandoned-by-transport', detail: reason, attempts: 0 }),
      ),
  });
}

async function work(deps: WorkerDeps, delivery: Delivery): Promise<Disposition> {
  const { message, attempt } = delivery;
  const startedAt = deps.now();
  const log = deps.logger.child({
    queue: message.queue,
    eventId: message.eventId,
    eventType: message.eventType,
    tenantId: message.tenantId,
    attempt,
  });
  const measured = (outcome: Attempt['outcome'], detail?: string): Attempt => ({
    attempt,
    outcome,
    transport: deps.transport.name,
    startedAt,
    durationMs: deps.now().getTime() - startedAt.getTime(),
    ...(detail === undefined ? {} : { detail }),
  });
  try {
    const event = await takeJob(deps.pool, message);
    if (event === undefined) {
      log.debug('job had ended already');
      return { kind: 'ack' };
    }
    const result = await deps.handler(event, delivery.signal);
    if (result.kind === 'snooze') return result;
    const { effects = [], events = [] } = result;
    const further = events.map((each) => newEvent(deps, event, each));
    const hasEnded = await finishJob(deps.pool, {
      message,
      event,
      attempt: measured('done'),
      effects,
      events: further,
    });
    await deps.onCommitted?.(message);
    if (events.length > 0) deps.onAppended();
    log.debug({ outcome: hasEnded ? 'done' : 'ended elsewhere' }, 'job ended');
    return { kind: 'ack' };
  } catch (error) {
    return fail(deps, delivery, error, measured, log);
  }
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

async function fail(
  deps: WorkerDeps,
  { message, attempt }: Delivery,
  error: unknown,
  measured: (outcome: Attempt['outcome'], detail: string) => Attempt,
  log: Logger,
): Promise<Disposition> {
  const decision = decideRetry(RETRY_RULES[deps.queue], attempt, error, deps.random());
  const detail =
    error instanceof Error ? `${error.name}: ${error.message}` : 'A handler threw something that is no Error.';
  try {
    await withTransaction(deps.pool, SCOPE, async (tx) => {
      if (decision.kind === 'dead') await buryJob(tx, message, { cause: decision.cause, detail, attempts: attempt });
      await recordFailedAttempt(tx, message, measured(decision.kind, detail));
    });
  } catch (recording) {
    log.warn({ err: recording, cause: detail }, 'a failed try could not be recorded; trying again');
    return { kind: 'retry', delayMs: RECORDING_FAILED_DELAY_MS, reason: detail };
  }
  if (decision.kind === 'dead') {
    log.error({ err: error, cause: decision.cause }, 'job failed for good; dead letter');
    return { kind: 'ack' };
  }
  log.warn({ err: error, delayMs: decision.delayMs }, 'job failed; trying again');
  return { kind: 'retry', delayMs: decision.delayMs, reason: detail };
}
