import type { NewEvent, RecordedEvent } from '../domain/envelope.ts';
import type { Queue } from '../domain/queues.ts';
import { appendEvents } from '../event-store/append-events.ts';
import { readEventAt } from '../event-store/read-events.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Consumer, Delivery, Disposition, Message, Transport } from '../transports/transport.ts';
import { applyEffects } from './apply-effects.ts';
import { buryJob } from './dead-letter.ts';
import type { Handler, HandlerResult } from './handler.ts';
import { endInInbox, readInbox } from './inbox.ts';
import type { Attempt } from './record-attempt.ts';
import { recordAttempt } from './record-attempt.ts';
import { decideRetry, RETRY_RULES, UnrecoverableJobError } from './retry-policy.ts';

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
    const event = await takeJob(deps, message);
    if (event === undefined) {
      log.debug('job had ended already');
      return { kind: 'ack' };
    }
    const result = await deps.handler(event, delivery.signal);
    if (result.kind === 'snooze') return result;
    const hasEnded = await finish(deps, message, event, result, measured('done'));
    await deps.onCommitted?.(message);
    if ((result.events?.length ?? 0) > 0) deps.onAppended();
    log.debug({ outcome: hasEnded ? 'done' : 'ended elsewhere' }, 'job ended');
    return { kind: 'ack' };
  } catch (error) {
    return fail(deps, delivery, error, measured, log);
  }
}

/** The job's event; undefined when the job has ended and this generation may not change that. */
async function takeJob(deps: WorkerDeps, message: Message): Promise<RecordedEvent | undefined> {
  return withTransaction(deps.pool, SCOPE, async (tx) => {
    const ended = await readInbox(tx, message);
    if (ended !== undefined && (ended.outcome === 'done' || ended.generation >= message.generation)) return undefined;
    const event = await readEventAt(tx, BigInt(message.position));
    if (event === undefined) {
      throw new UnrecoverableJobError(
        `There is no event at position ${message.position}, which job ${message.key} names.`,
      );
    }
    return event;
  });
}

async function finish(
  deps: WorkerDeps,
  message: Message,
  event: RecordedEvent,
  result: Extract<HandlerResult, { kind: 'done' }>,
  attempt: Attempt,
): Promise<boolean> {
  return withTransaction(deps.pool, SCOPE, async (tx) => {
    if (!(await endInInbox(tx, message, 'done'))) return false;
    await recordAttempt(tx, message, attempt);
    await applyEffects(tx, event, result.effects ?? []);
    await appendEvents(
      tx,
      (result.events ?? []).map((further): NewEvent => ({
        eventId: deps.newId(),
        event: further,
        tenantId: event.tenantId,
        books: event.books,
        causationId: event.eventId,
        correlationId: event.correlationId,
        ...(event.sourceId === undefined ? {} : { sourceId: event.sourceId }),
      })),
    );
    return true;
  });
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
      await recordAttempt(tx, message, measured(decision.kind, detail));
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
