/**
 * Loads one server over kept-alive connections and prints its figures as JSON. First as fast as it answers, for its
 * capacity; then at a share of that capacity by the clock, whatever the answers do, for how long it takes.
 */
import { setImmediate as yieldToAnswers, setTimeout as pause } from 'node:timers/promises';
import { createHttpPool } from './http-pool.ts';
import { quantile } from './quantile.ts';
import { createWebhookRequests } from './webhook-requests.ts';

export type LoadPlan = Readonly<{
  url: string;
  path: string;
  secret: string;
  bodyBytes: number;
  /** Of each of the two phases. */
  phaseMs: number;
  /** Each waiting for its answer, in the first phase. */
  connections: number;
  /** In the second phase a request whose time has come takes a new connection when none is free, up to so many. */
  maxConnections: number;
  /** Of the capacity found, in the second phase. */
  share: number;
}>;
export type LoadResult = Readonly<{
  /** In the first phase: the capacity. */
  perSecond: number;
  offeredPerSecond: number;
  /** From the time at which a request was due. */
  p50Ms: number;
  p99Ms: number;
  connections: number;
  refused: number;
}>;

/** Connections opened, code compiled: counts for nothing. */
const WARM_UP_MS = 500;

const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan;
const pool = createHttpPool({ port: Number(new URL(plan.url).port), max: plan.maxConnections });
const nextRequest = createWebhookRequests({
  path: plan.path,
  secret: plan.secret,
  bodyBytes: plan.bodyBytes,
  sample: { costs: [], object: { call_cost: undefined, transcript_object: [] } },
});
let refused = 0;

const perSecond = await saturate();
const offeredPerSecond = perSecond * plan.share;
const durations = await offer(offeredPerSecond);
const result: LoadResult = {
  perSecond,
  offeredPerSecond,
  p50Ms: quantile(durations, 0.5),
  p99Ms: quantile(durations, 0.99),
  connections: pool.connections(),
  refused,
};
pool.close();
process.stdout.write(`${JSON.stringify(result)}\n`);

/** Closed loop: each connection sends again when it is answered. */
async function saturate(): Promise<number> {
  const from = performance.now() + WARM_UP_MS;
  const until = from + plan.phaseMs;
  let answered = 0;
  async function drive(): Promise<void> {
    while (performance.now() < until) {
      await send();
      const now = performance.now();
      if (now >= from && now < until) answered += 1;
    }
  }
  await Promise.all(Array.from({ length: plan.connections }, drive));
  return answered / (plan.phaseMs / 1_000);
}

/** Open loop: a request is late from the moment at which it was due, also while it waits for a connection. */
async function offer(rate: number): Promise<readonly number[]> {
  const startedAt = performance.now();
  const durations: number[] = [];
  const answers: Promise<void>[] = [];
  for (let index = 0; index < (rate * plan.phaseMs) / 1_000; index += 1) {
    const dueAt = startedAt + (index * 1_000) / rate;
    const early = dueAt - performance.now();
    if (early > 0) await pause(early);
    // Behind the clock this loop would send without ever reading an answer.
    else if (index % 16 === 0) await yieldToAnswers();
    answers.push(send().then(() => void durations.push(performance.now() - dueAt)));
  }
  await Promise.all(answers);
  return durations.toSorted((a, b) => a - b);
}

async function send(): Promise<void> {
  const { status } = await pool.request(nextRequest());
  if (status < 200 || status > 299) refused += 1;
}
