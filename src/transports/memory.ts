import type { Logger } from '../platform/logger.ts';
import { endsWithin } from './deadline.ts';
import { refusal } from './refusal.ts';
import { ABORT_GRACE_MS, MAX_DEATHS, runDelivery } from './run-delivery.ts';
import type { Verdict } from './run-delivery.ts';
import { TransportUnavailableError } from './transport.ts';
import type { ConsumeOptions, Consumer, Message, QueueDepth, Transport } from './transport.ts';

export type MemoryTransportOptions = Readonly<{ logger: Logger; maxDeaths?: number }>;

/** Queues in this process alone, gone with it: for tests. Keys are remembered until the transport is closed. */
export function createMemoryTransport({ logger, maxDeaths = MAX_DEATHS }: MemoryTransportOptions): Transport {
  const queues = new Map<string, MemoryQueue>();
  const consumers: Consumer[] = [];
  let closed = false;
  let hasCanary = false;

  function refuseWhenClosed(): void {
    if (closed) throw new TransportUnavailableError('memory', new Error('The transport is closed.'));
  }

  function open(name: string): MemoryQueue {
    refuseWhenClosed();
    const queue = queues.get(name) ?? new MemoryQueue();
    queues.set(name, queue);
    return queue;
  }

  return {
    name: 'memory',
    async publish(name, messages) {
      const queue = open(name);
      return messages.map((message) => {
        const reason = refusal(name, message);
        if (reason !== undefined) return { key: message.key, accepted: false, reason };
        queue.add(message);
        return { key: message.key, accepted: true };
      });
    },
    async consume(name, options) {
      const consumer = new MemoryConsumer({ queue: open(name), options, maxDeaths, logger });
      consumers.push(consumer);
      return consumer;
    },
    async depth(name) {
      return open(name).depth();
    },
    async promote(name, keys) {
      open(name).promote(new Set(keys));
    },
    async holds(name, keys) {
      return open(name).holds(keys);
    },
    async hasCanary() {
      refuseWhenClosed();
      return hasCanary;
    },
    async setCanary() {
      refuseWhenClosed();
      hasCanary = true;
    },
    async close() {
      closed = true;
      await Promise.all(consumers.map((consumer) => consumer.close(0)));
      for (const queue of queues.values()) queue.close();
    },
  };
}

type Job = { readonly message: Message; attempt: number; deliveries: number; deaths: number };

class MemoryQueue {
  readonly consumers = new Set<MemoryConsumer>();
  readonly #keys = new Set<string>();
  readonly #timers = new Map<Job, NodeJS.Timeout>();
  #waiting: Job[] = [];

  add(message: Message): void {
    if (this.#keys.has(message.key)) return;
    this.#keys.add(message.key);
    this.#waiting.push({ message: structuredClone(message), attempt: 1, deliveries: 0, deaths: 0 });
    this.deliver();
  }

  addLater(job: Job, delayMs: number): void {
    const timer = setTimeout(() => this.#endDelay(job), delayMs);
    this.#timers.set(job, timer);
  }

  promote(keys: ReadonlySet<string>): void {
    for (const [job, timer] of this.#timers) {
      if (!keys.has(job.message.key)) continue;
      clearTimeout(timer);
      this.#endDelay(job);
    }
  }

  #endDelay(job: Job): void {
    this.#timers.delete(job);
    this.#waiting.push(job);
    this.deliver();
  }

  putBack(job: Job): void {
    this.#waiting.unshift(job);
    this.deliver();
  }

  deliver(): void {
    for (const consumer of this.consumers) {
      const jobs = this.#waiting.splice(0, consumer.room);
      for (const job of jobs) consumer.run(job);
    }
  }

  holds(keys: readonly string[]): ReadonlySet<string> {
    const running = [...this.consumers].flatMap((consumer) => consumer.keys);
    const delayed = [...this.#timers.keys()].map(({ message }) => message.key);
    const held = new Set([...this.#waiting.map(({ message }) => message.key), ...running, ...delayed]);
    return new Set(keys.filter((key) => held.has(key)));
  }

  depth(): QueueDepth {
    const active = [...this.consumers].reduce((sum, consumer) => sum + consumer.active, 0);
    return { waiting: this.#waiting.length, active, delayed: this.#timers.size };
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting = [];
  }
}

type MemoryConsumerDeps = Readonly<{ queue: MemoryQueue; options: ConsumeOptions; maxDeaths: number; logger: Logger }>;

class MemoryConsumer implements Consumer {
  readonly #deps: MemoryConsumerDeps;
  readonly #running = new Map<Job, Promise<void>>();
  readonly #stop = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(deps: MemoryConsumerDeps) {
    this.#deps = deps;
    deps.queue.consumers.add(this);
    deps.queue.deliver();
  }

  get active(): number {
    return this.#running.size;
  }

  get keys(): readonly string[] {
    return [...this.#running.keys()].map(({ message }) => message.key);
  }

  get room(): number {
    return this.#closing === undefined ? this.#deps.options.concurrency - this.#running.size : 0;
  }

  run(job: Job): void {
    this.#running.set(job, this.#handle(job));
  }

  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    const allEnded = Promise.all(this.#running.values());
    if (!(await endsWithin(allEnded, deadlineMs))) {
      this.#stop.abort();
      await endsWithin(allEnded, ABORT_GRACE_MS);
    }
    const { queue } = this.#deps;
    queue.consumers.delete(this);
    const leftBehind = [...this.#running.keys()];
    this.#running.clear();
    for (const job of leftBehind.toReversed()) {
      job.deaths += 1;
      queue.putBack(job);
    }
  }

  async #handle(job: Job): Promise<void> {
    const { options, maxDeaths, logger } = this.#deps;
    job.deliveries += 1;
    const { message, attempt, deliveries } = job;
    const delivery = { message, attempt, deliveries, signal: this.#stop.signal };
    const verdict = await runDelivery({ handlers: options, maxDeaths, logger }, delivery, job.deaths);
    // Left behind by close(): the job has gone back to the queue, and this late answer is nobody's.
    if (!this.#running.delete(job)) return;
    this.#settle(job, verdict);
    this.#deps.queue.deliver();
  }

  #settle(job: Job, verdict: Verdict): void {
    if (verdict.kind === 'retry') job.attempt += 1;
    if (verdict.kind === 'retry' || verdict.kind === 'snooze') this.#deps.queue.addLater(job, verdict.delayMs);
  }
}
