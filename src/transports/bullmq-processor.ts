import { DelayedError, UnrecoverableError } from 'bullmq';
import type { BackoffStrategy, Job } from 'bullmq';
import type { Logger } from '../platform/logger.ts';
import { parseMessage } from './parse-message.ts';
import { runDelivery } from './run-delivery.ts';
import type { DeliveryDeps } from './run-delivery.ts';
import type { Message } from './transport.ts';

export type BullmqJob = Pick<
  Job,
  'attemptsMade' | 'attemptsStarted' | 'data' | 'id' | 'moveToDelayed' | 'stalledCounter'
>;

/** BullMQ makes a signal only for a function that declares three parameters, none of them with a default. */
export type BullmqProcessor = (
  job: BullmqJob,
  token: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<void>;

/** Turns a verdict into the return or throw that BullMQ understands. */
export function createProcessor(deps: DeliveryDeps): BullmqProcessor {
  return async (job, token, signal) => {
    if (signal === undefined) throw new Error('BullMQ gave no signal, so the job could not be told to stop.');
    const message = readMessage(job, deps.logger);
    const delivery = { message, attempt: job.attemptsMade + 1, deliveries: job.attemptsStarted, signal };
    const verdict = await runDelivery(deps, delivery, job.stalledCounter);
    switch (verdict.kind) {
      case 'ack':
        return;
      case 'retry':
        throw new RetryLater(verdict.reason, verdict.delayMs);
      case 'snooze':
        await job.moveToDelayed(Date.now() + verdict.delayMs, token);
        throw new DelayedError();
      case 'abandoned':
        throw new UnrecoverableError(verdict.reason);
    }
  };
}

/** An error that is none of ours comes from BullMQ itself, which could not store the outcome of the job. */
export const backoffStrategy: BackoffStrategy = (_attemptsMade, _type, err) =>
  err instanceof RetryLater ? err.delayMs : 1_000;

class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly delayMs: number;

  constructor(reason: string, delayMs: number) {
    super(reason);
    // BullMQ stores the stack of every try with the job, and there may be many.
    this.stack = '';
    // -1 would mean: fail now.
    this.delayMs = Math.max(0, Math.round(delayMs));
  }
}

function readMessage({ data, id }: BullmqJob, logger: Logger): Message {
  try {
    return parseMessage(data);
  } catch (err) {
    logger.error({ err, jobId: id }, 'job is not a message of ours; it stays among the failed jobs of its queue');
    throw new UnrecoverableError('not a message of ours');
  }
}
