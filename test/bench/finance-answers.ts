import { createHttpPool } from './http-pool.ts';
import { financeQuestions } from './finance-questions.ts';
import type { Limited } from './limit-bench.ts';
import { median, quantile } from './quantile.ts';

/** p95 in milliseconds: of one tenant's own key, and of a key of the platform with totals over all tenants. */
const LIMITS = { tenant: 50, all: 250 } as const;
/** Whatever is far too slow is asked no longer than that, but twice after the first. */
const LONG_ENOUGH_MS = 4_000;
/** Answers that come before the measured ones: code is compiled, pages are read. */
const WARM_UP = 3;

type Asked = Readonly<{
  url: string;
  keys: Readonly<Record<keyof typeof LIMITS, string>>;
  from: Date;
  lastMonth: Date;
  to: Date;
  period: string;
  position: bigint;
  times: number;
  note: (line: string) => void;
}>;

/** Every question, one at a time: the slowest p95 of its ranges and positions. */
export async function measureAnswers(asked: Asked): Promise<readonly Limited[]> {
  const { url, keys, from, lastMonth, to, period, position, times, note } = asked;
  const pool = createHttpPool({ port: Number(new URL(url).port), max: 1 });
  const past = (position * 2n) / 3n;
  const figures: Limited[] = [];
  for (const { name, isForTenants, path, hasRange } of financeQuestions({ month: period, earlier: past / 2n })) {
    for (const who of isForTenants ? (['tenant', 'all'] as const) : (['all'] as const)) {
      const p95s: [string, number][] = [];
      for (const [when, asOf] of [
        ['now', ''],
        ['past', `&as_of=${past}`],
      ] as const) {
        for (const [span, since] of [
          ['1m', lastMonth],
          ['3m', from],
        ] as const) {
          if (!hasRange && span === '3m') continue;
          const range = hasRange ? `&from=${since.toISOString()}&to=${to.toISOString()}` : '';
          // oxlint-disable-next-line no-await-in-loop -- one question at a time
          const times95 = await ask(pool, { target: `${path}${range}${asOf}`, key: keys[who], times });
          p95s.push([`${when} ${span}`, times95.p95]);
          note(`${name} ${who} ${when} ${span}: p50 ${times95.p50.toFixed(0)} ms, p95 ${times95.p95.toFixed(0)} ms`);
        }
      }
      figures.push({
        name: `${name}, ${who === 'all' ? 'all tenants' : 'one tenant'}`,
        unit: 'ms',
        value: Math.max(...p95s.map(([, p95]) => p95)),
        limit: LIMITS[who],
        detail: p95s.map(([what, p95]) => `${what} ${p95.toFixed(0)}`).join(', '),
      });
    }
  }
  pool.close();
  return figures;
}

async function ask(
  pool: ReturnType<typeof createHttpPool>,
  { target, key, times }: { target: string; key: string; times: number },
): Promise<{ p50: number; p95: number }> {
  const request = Buffer.from(`GET ${target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\n\r\n`);
  const took: number[] = [];
  const until = performance.now() + LONG_ENOUGH_MS;
  while (took.length < WARM_UP + times && (took.length < 3 || performance.now() < until)) {
    const startedAt = performance.now();
    // oxlint-disable-next-line no-await-in-loop -- one question at a time
    const { status, body } = await pool.request(request);
    const tookMs = performance.now() - startedAt;
    // The server gives up on a statement that takes too long: then that is how long nobody had an answer.
    if (status === 503) return { p50: tookMs, p95: tookMs };
    if (status !== 200) throw new Error(`GET ${target} was answered ${status}: ${body}`);
    took.push(tookMs);
  }
  const warm = took.slice(Math.min(WARM_UP, took.length - 2)).toSorted((a, b) => a - b);
  return { p50: median(warm), p95: quantile(warm, 0.95) };
}
