import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

/** What the HTTP interface reports. */
export type HttpMetrics = Readonly<{
  /** `route`: one of a few words; `status`: `2xx` and the like, or `aborted` when the client did not wait. */
  requestEnded(route: string, status: string, durationMs: number): void;
  /** One webhook request was answered; `outcome` as in its log line. */
  webhookEnded(provider: string, outcome: string): void;
}>;

/** What a worker reports. */
export type JobMetrics = Readonly<{
  /**
   * A try of a job ended, after its own `durationMs`, without the waiting before it. `done` and `dead` end the job; after
   * `retry` (it failed) and `snoozed` (it was not its time) it comes again.
   */
  ended(job: { queue: string; outcome: 'done' | 'dead' | 'retry' | 'snoozed'; durationMs: number }): void;
}>;

export type Metrics = HttpMetrics &
  Readonly<{
    jobs: JobMetrics;
    /** So many webhooks were recorded in one transaction. */
    batchRecorded(webhooks: number): void;
    /** So many outbox rows were published to a queue. */
    published(queue: string, rows: number): void;
    /** For gauges of others; nothing in this process shares it with another instance. */
    registry: Registry;
  }>;

/** From a fraction of a millisecond to what a provider waits for at most. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200];

/**
 * The counters and histograms of one process, in a registry of their own, beside those of the process itself. No label
 * names a tenant: there may be hundreds, and what belongs to one is nobody's business who reads metrics. `providers`:
 * the only names of providers that become labels, since a request may name any.
 */
export function createMetrics({ providers }: { providers: readonly string[] }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'hookledger_' });
  const known = new Set(providers);

  const requests = new Histogram({
    name: 'hookledger_request_duration_seconds',
    help: 'HTTP requests by route and status, probes apart.',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const webhooks = new Counter({
    name: 'hookledger_webhooks_total',
    help: 'Webhook requests by provider and outcome.',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const batches = new Histogram({
    name: 'hookledger_webhook_batch_size',
    help: 'Webhooks that shared one transaction.',
    buckets: BATCH_SIZES,
    registers,
  });
  const relayed = new Counter({
    name: 'hookledger_relay_rows_published_total',
    help: 'Outbox rows that were handed to the transport, by queue.',
    labelNames: ['queue'],
    registers,
  });
  const jobs = new Counter({
    name: 'hookledger_jobs_total',
    help: 'Tries of jobs by queue and outcome: done, retry, dead, snoozed.',
    labelNames: ['queue', 'outcome'],
    registers,
  });
  const jobDurations = new Histogram({
    name: 'hookledger_job_duration_seconds',
    help: 'Time of one try of a job, by queue.',
    labelNames: ['queue'],
    buckets: SECONDS,
    registers,
  });

  return {
    registry,
    requestEnded: (route, status, durationMs) => requests.labels(route, status).observe(durationMs / 1_000),
    webhookEnded: (provider, outcome) => webhooks.labels(known.has(provider) ? provider : 'unknown', outcome).inc(),
    batchRecorded: (count) => batches.observe(count),
    published: (queue, rows) => relayed.labels(queue).inc(rows),
    jobs: {
      ended({ queue, outcome, durationMs }) {
        jobs.labels(queue, outcome).inc();
        if (outcome !== 'snoozed') jobDurations.labels(queue).observe(durationMs / 1_000);
      },
    },
  };
}
