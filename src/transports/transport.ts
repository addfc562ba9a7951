/**
 * The contract of every transport: BullMQ on Redis, BullMQ on PostgreSQL, memory.
 * All of them pass `test/transports/conformance.ts`.
 */

/** A reference to work: never a body, never personal data; it lies readable in the store for a day. */
export type Message = Readonly<{
  /** Idempotency key, made by `messageKey`. */
  key: string;
  queue: string;
  tenantId: string;
  eventId: string;
  eventType: string;
  /** Position of the target event, as a decimal string (a bigint does not fit into JSON). */
  position: string;
  replayId: string;
  generation: number;
}>;

export type Publication =
  Readonly<{ key: string; accepted: true }> | Readonly<{ key: string; accepted: false; reason: string }>;

export type Delivery = Readonly<{
  message: Message;
  /** 1 for the first try; raised by a retry only, not by a snooze, a crash or being told to stop. */
  attempt: number;
  /** 1 for the first delivery; raised by each one, whatever came of the one before. */
  deliveries: number;
  /**
   * Aborted when the consumer is closed and its deadline is over, or the job may have gone to another worker. A handler
   * that throws then has not failed: its job is delivered again as the same attempt.
   */
  signal: AbortSignal;
}>;

/** What the consumer decided. A job that failed for good is recorded by the runtime, then acknowledged. */
export type Disposition =
  | Readonly<{ kind: 'ack' }>
  | Readonly<{ kind: 'retry'; delayMs: number; reason: string }>
  | Readonly<{ kind: 'snooze'; delayMs: number }>;

export type Consumer = Readonly<{
  /**
   * Stops fetching, waits up to `deadlineMs` for running jobs, then aborts them and waits a second more. A job that runs
   * on after that is left behind: it is delivered to another worker, and its late answer counts for nothing. Safe to
   * repeat; the first deadline holds.
   */
  close(deadlineMs: number): Promise<void>;
}>;

export type ConsumeOptions = Readonly<{
  concurrency: number;
  /** Runs once per delivery. A throw is logged and is a retry after one second. */
  handle: (delivery: Delivery) => Promise<Disposition>;
  /**
   * The transport gives a job up by itself, since too many workers died under it: record it. Afterwards it is not
   * delivered again; until this has resolved the report is, so it must be safe to repeat.
   */
  abandoned: (message: Message, reason: string) => Promise<void>;
}>;

export type QueueDepth = Readonly<{ waiting: number; active: number; delayed: number }>;

export type Transport = Readonly<{
  name: 'bullmq-redis' | 'bullmq-postgres' | 'memory';
  /**
   * Publishes messages of one queue, in order, and answers for each of them, in the same order.
   * Publishing a key again, while the job or its trace is still kept, adds nothing and is `accepted`.
   * Throws `TransportUnavailableError` when the outcome of the whole call is unknown; safe to repeat.
   */
  publish(queue: string, messages: readonly Message[]): Promise<readonly Publication[]>;
  /**
   * At-least-once delivery; a job whose worker died is delivered again. Resolves before the store has answered: the
   * consumer starts when it does, and goes on by itself after an outage.
   */
  consume(queue: string, options: ConsumeOptions): Promise<Consumer>;
  /** Throws `TransportUnavailableError` like `publish`. */
  depth(queue: string): Promise<QueueDepth>;
  /**
   * Lets those of these jobs that are delayed run now, as the attempt that they were delayed to. Of the others nothing
   * changes: waiting, running, ended, unknown. Throws `TransportUnavailableError` like `publish`; safe to repeat.
   */
  promote(queue: string, keys: readonly string[]): Promise<void>;
  /**
   * Which of these keys the store holds as jobs that will run (again): waiting, active or delayed. What is left of a job
   * that has ended, however it ended, is no job. Throws `TransportUnavailableError`: then nothing is known.
   */
  holds(queue: string, keys: readonly string[]): Promise<ReadonlySet<string>>;
  /** Whether the store still has what `setCanary` put there: one that was wiped, or is new, has not. Throws like `depth`. */
  hasCanary(): Promise<boolean>;
  /** Throws like `depth`; safe to repeat. */
  setCanary(): Promise<void>;
  /** Closes the consumers that are still open, with a short deadline, and the connections. Safe to repeat. */
  close(): Promise<void>;
}>;

export class TransportUnavailableError extends Error {
  override readonly name = 'TransportUnavailableError';
  readonly code = 'transport_unavailable';
  readonly transport: string;

  constructor(transport: string, cause: unknown) {
    super(`Transport ${transport} did not answer; the outbox keeps its rows and the relay tries again.`, { cause });
    this.transport = transport;
  }
}
