import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Limited } from './limit-bench.ts';

const LIMIT_MB = 150;
const SAMPLE_MS = 100;
const LINE_FEED = 10;

/** The usage lines as CSV from a server that has just started, whose own resident memory is looked at all the while. */
export async function measureExport({
  url,
  pid,
  key,
  from,
  to,
  lines,
  note,
}: {
  url: string;
  pid: number;
  key: string;
  from: Date;
  to: Date;
  lines: number;
  note: (line: string) => void;
}): Promise<readonly Limited[]> {
  const before = await residentMegabytes(pid);
  let most = before;
  const timer = setInterval(() => {
    void residentMegabytes(pid).then((now) => (most = Math.max(most, now)));
  }, SAMPLE_MS);
  const startedAt = performance.now();
  let rows = -1;
  let bytes = 0;
  try {
    const range = `from=${from.toISOString()}&to=${to.toISOString()}`;
    const headers = { authorization: `Bearer ${key}` };
    const { body } = await fetch(new URL(`/v1/usage/lines?format=csv&${range}`, url), { headers });
    if (body === null) throw new Error('The export has no body.');
    for await (const chunk of body) {
      bytes += chunk.length;
      for (const byte of chunk) if (byte === LINE_FEED) rows += 1;
    }
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  if (rows !== lines) throw new Error(`The export has ${rows} rows; the read model has ${lines} lines.`);
  note(
    `export: ${rows} rows, ${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s, ${before.toFixed(0)} MB before`,
  );
  const detail = `${before.toFixed(0)} MB before it, ${Math.round(rows / seconds)} rows/s`;
  return [{ name: `memory of a CSV export of ${rows} lines`, unit: 'MB', value: most, limit: LIMIT_MB, detail }];
}

async function residentMegabytes(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Number(stdout) / 1_024;
}
