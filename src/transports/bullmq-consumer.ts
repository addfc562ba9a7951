import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../platform/logger.ts';
import type { BullmqBackend, OpenWorker, WorkerSettings } from './bullmq-backend.ts';
import { backoffStrategy, createProcessor } from './bullmq-processor.ts';
import type { BullmqProcessor } from './bullmq-processor.ts';
import { endsWithin } from './deadline.ts';
import { createErrorReporter } from './report-errors.ts';
import { ABORT_GRACE_MS } from './run-delivery.ts';
import type { ConsumeOptions, Consumer } from './transport.ts';

export type BullmqConsumerOptions = Readonly<{
  backend: BullmqBackend;
  queue: string;
  options: ConsumeOptions;
  lockDurationMs: number;
  stalledIntervalMs: number;
  maxDeaths: number;
  logger: Logger;
}>;

const reopenDelayMs = 1_000;
const closeGraceMs = 2_000;

/**
 * Consumes as soon as the store answers, through outages of it, until it is closed.
 *
 *   opening ──ready──▶ consuming ──close──▶ pausing ──ended, or deadline, abort, grace──▶ closed
 *      ▲ └─failed, one second later          (fetches nothing, keeps renewing its locks)
 *      └────┘
 */
export class BullmqConsumer implements Consumer {
  readonly #options: BullmqConsumerOptions;
  readonly #process: BullmqProcessor;
  readonly #report: (err: Error) => void;
  readonly #stop = new AbortController();
  readonly #opening: Promise<void>;
  #open: OpenWorker | undefined;
  #isReady = false;
  #running = 0;
  #closing: Promise<void> | undefined;

  constructor(options: BullmqConsumerOptions) {
    this.#options = options;
    const logger = options.logger.child({ queue: options.queue });
    this.#process = createProcessor({ handlers: options.options, maxDeaths: options.maxDeaths, logger });
    this.#report = createErrorReporter(logger, 'queue worker failed; it goes on when it can');
    this.#opening = this.#openWorker();
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  /** BullMQ on PostgreSQL keeps the failure of its first connection for ever, so another worker takes its place. */
  async #openWorker(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const open = this.#startWorker();
      this.#open = open;
      try {
        await open.worker.waitUntilReady();
        this.#isReady = true;
        return;
      } catch {
        // The worker has emitted the error. A worker that is being closed is #close's.
        if (this.#stop.signal.aborted) return;
        this.#open = undefined;
        await open.close();
        // Rejects when the consumer is closed, which ends the loop.
        await sleep(reopenDelayMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  #startWorker(): OpenWorker {
    const { backend, queue } = this.#options;
    const process: BullmqProcessor = async (job, token, signal) => {
      this.#running += 1;
      await this.#process(job, token, signal).finally(() => (this.#running -= 1));
    };
    const open = backend.openWorker(queue, process, workerSettings(this.#options));
    open.worker.on('error', this.#report);
    // The job may be with another worker already; this one's answer will not be taken.
    open.worker.on('lockRenewalFailed', (ids) => ids.forEach((id) => open.worker.cancelJob(id, 'lock lost')));
    return open;
  }

  async #close(deadlineMs: number): Promise<void> {
    this.#stop.abort();
    const open = this.#open;
    if (open !== undefined) {
      // A job can be there before the worker is ready, which takes two connections; without either there is no hurry.
      if (this.#isReady || this.#running > 0) await this.#endJobs(open, deadlineMs);
      // What takes longer waits for an answer of a store that does not give one.
      await endsWithin(open.close().catch(this.#report), closeGraceMs);
    }
    await endsWithin(this.#opening, closeGraceMs);
  }

  /** Not worker.close(): once called without force, that waits for running jobs without end and cannot be hurried. */
  async #endJobs({ worker, pause }: OpenWorker, deadlineMs: number): Promise<void> {
    const ended = pause().catch(this.#report);
    for (let leftMs = deadlineMs; leftMs > 0; leftMs -= closeGraceMs) {
      if (await endsWithin(ended, Math.min(leftMs, closeGraceMs))) return;
      // No job is here: what pausing still waits for is an answer of a store that does not give one.
      if (this.#running === 0) return;
    }
    worker.cancelAllJobs('consumer closed');
    await endsWithin(ended, ABORT_GRACE_MS);
  }
}

function workerSettings(options: BullmqConsumerOptions): WorkerSettings {
  return {
    concurrency: options.options.concurrency,
    lockDuration: options.lockDurationMs,
    // A busy process may be late by three quarters of the lock before its jobs count as lost.
    lockRenewTime: options.lockDurationMs / 4,
    stalledInterval: options.stalledIntervalMs,
    // Stalled jobs always come back: runDelivery gives them up, so that this is recorded before they leave the queue.
    maxStalledCount: 2 ** 31 - 1,
    runRetryDelay: 1_000,
    settings: { backoffStrategy },
  };
}
