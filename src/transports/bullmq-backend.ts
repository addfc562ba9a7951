import type { Queue, WorkerOptions } from 'bullmq';
import type { BullmqProcessor } from './bullmq-processor.ts';
import type { Dated } from './overdue.ts';
import type { QueueDepth, Transport } from './transport.ts';

/** What a store must give so that BullMQ can run on it; Redis and PostgreSQL do. */
export type BullmqBackend = Readonly<{
  name: Transport['name'];
  /** Resolves with a queue that the store has answered for; rejects soon when it does not answer. */
  openQueue(queue: string): Promise<OpenQueue>;
  hasCanary(): Promise<boolean>;
  setCanary(): Promise<void>;
  /** Starts at once; `waitUntilReady` of the worker tells when, or whether, the store answered. */
  openWorker(queue: string, process: BullmqProcessor, options: WorkerSettings): OpenWorker;
  /** Closes the connection that all queues share. The caller closes the workers before. */
  close(): Promise<void>;
}>;

export type OpenQueue = Readonly<{
  addBulk: Queue['addBulk'];
  depth(): Promise<QueueDepth>;
  /** Those of the keys that are delayed, and no others, wait from now on. */
  promote(keys: readonly string[]): Promise<void>;
  /** Those of the keys that are waiting, active or delayed. */
  holds(keys: readonly string[]): Promise<readonly string[]>;
  /** All that waits for a time: delays and, where the store's own clock does not end them, locks and checks. */
  dated(pace: DatedPace): Promise<readonly Dated[]>;
  /** Ends those of them that have not ended meanwhile. Safe to repeat. */
  end(overdue: readonly Dated[]): Promise<void>;
}>;

/** How long a lock may stand without being renewed, and the last look for dead workers' jobs without another. */
export type DatedPace = Readonly<{ lockMs: number; checkMs: number }>;

export type OpenWorker = Readonly<{
  worker: BullmqWorker;
  /** Stops fetching; resolves when the running jobs have ended. May be followed by `close` before that. */
  pause(): Promise<void>;
  /** Drops the connections without waiting for running jobs. */
  close(): Promise<void>;
}>;

/** What we use of `Worker`, whose own type differs by store. */
export type BullmqWorker = Readonly<{
  on(event: 'error', listener: (err: Error) => void): unknown;
  on(event: 'lockRenewalFailed', listener: (jobIds: string[]) => void): unknown;
  cancelJob(jobId: string, reason: string): boolean;
  cancelAllJobs(reason: string): void;
  waitUntilReady(): Promise<void>;
}>;

export type WorkerSettings = Omit<WorkerOptions, 'connection' | 'prefix' | 'removeOnComplete' | 'removeOnFail'>;
