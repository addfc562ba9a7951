/** Sends webhooks at a steady rate and asks for the figures all the while; prints how long they took as JSON. */
import { setTimeout as pause } from 'node:timers/promises';
import { createHttpPool } from './http-pool.ts';
import { quantile } from './quantile.ts';
import { createWebhookRequests } from './webhook-requests.ts';

export type LatencyPlan = Readonly<{
  url: string;
  path: string;
  secret: string;
  /** Of a reader of the figures. */
  key: string;
  perMinute: number;
  seconds: number;
}>;
export type LatencyResult = Readonly<{
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Between two answers about the figures, on average: no duration is known more exactly. */
  pollMs: number;
}>;

/** Between an answer and the next question: a poller that asks without one would measure the load that it makes. */
const POLL_PAUSE_MS = 10;

const plan = JSON.parse(process.argv[2] ?? '{}') as LatencyPlan;
const port = Number(new URL(plan.url).port);
const webhooks = createHttpPool({ port, max: 100 });
const figures = createHttpPool({ port, max: 1 });
const nextWebhook = createWebhookRequests({
  path: plan.path,
  secret: plan.secret,
  sample: { at: new Date('2026-06-01T10:00:00Z') },
});
const question = Buffer.from(
  'GET /v1/usage?mode=test&window=none&group_by=&from=2026-01-01&to=2027-01-01 HTTP/1.1\r\n' +
    `host: bench\r\nauthorization: Bearer ${plan.key}\r\n\r\n`,
);

const total = Math.round((plan.perMinute / 60) * plan.seconds);
const before = await counted();
const sentAt: number[] = [];
const durations: number[] = [];
const [, pollMs] = await Promise.all([send(), watch()]);
durations.sort((a, b) => a - b);
const result: LatencyResult = {
  p50Ms: quantile(durations, 0.5),
  p95Ms: quantile(durations, 0.95),
  p99Ms: quantile(durations, 0.99),
  pollMs,
};
webhooks.close();
figures.close();
process.stdout.write(`${JSON.stringify(result)}\n`);

async function send(): Promise<void> {
  const startedAt = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < total; index += 1) {
    const dueAt = startedAt + (index * 60_000) / plan.perMinute;
    const early = dueAt - performance.now();
    if (early > 0) await pause(early);
    sentAt.push(performance.now());
    answers.push(post());
  }
  await Promise.all(answers);
}

async function post(): Promise<void> {
  const { status } = await webhooks.request(nextWebhook());
  if (status !== 202) throw new Error(`A webhook was answered ${status}.`);
}

/** One question at a time. The k-th webhook to be counted is taken for the k-th that was sent. */
async function watch(): Promise<number> {
  const startedAt = performance.now();
  let polls = 0;
  for (; durations.length < total; polls += 1) {
    const count = (await counted()) - before;
    for (const now = performance.now(); durations.length < count;)
      durations.push(now - (sentAt[durations.length] ?? now));
    await pause(POLL_PAUSE_MS);
  }
  return (performance.now() - startedAt) / polls;
}

/** How many calls `GET /v1/usage` counts. */
async function counted(): Promise<number> {
  const { status, body } = await figures.request(question);
  if (status !== 200) throw new Error(`GET /v1/usage was answered ${status}: ${body}`);
  const { data } = JSON.parse(body) as { data: readonly { event_count: number }[] };
  return data[0]?.event_count ?? 0;
}
