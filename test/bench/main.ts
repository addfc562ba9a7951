/**
 * `npm run bench -- <name> [--quick] [--json]`. Starts its own servers, prints a table, and as its last line the
 * result as JSON. Refuses in production.
 */
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import type { LimitBench } from './limit-bench.ts';
import { runLimitBench } from './limit-bench.ts';
import { startBenchServers } from './bench-servers.ts';
import { installPeers } from './install-peers.ts';
import { printBench, runBench } from './run-bench.ts';

const BENCHES: Readonly<Record<string, () => Promise<Bench | LimitBench>>> = {
  append: async () => (await import('./append-bench.ts')).appendBench,
  ingest: async () => (await import('./ingest-bench.ts')).ingestBench,
  'ingest-4k': async () => (await import('./ingest-bench.ts')).ingest4kBench,
  relay: async () => (await import('./relay-bench.ts')).relayBench,
  latency: async () => (await import('./latency-bench.ts')).latencyBench,
  rebuild: async () => (await import('./rebuild-bench.ts')).rebuildBench,
  finance: async () => (await import('./finance-bench.ts')).financeBench,
  work: async () => (await import('./work-bench.ts')).workBench,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean' }, json: { type: 'boolean' } },
});
const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
const unknown = names.find((name) => BENCHES[name] === undefined);
if (process.env['NODE_ENV'] === 'production' || unknown !== undefined) {
  process.stderr.write(
    unknown === undefined
      ? 'Benches do not run in production.\n'
      : `There is no bench ${unknown}; there are ${Object.keys(BENCHES).join(', ')}.\n`,
  );
  process.exit(2);
}
const line = (text: string): void => void (values.json === true ? process.stderr : process.stdout).write(`${text}\n`);
const note = (text: string): void => void process.stderr.write(`${text}\n`);

installPeers(note);
for (const name of names) {
  const bench = await BENCHES[name]?.();
  if (bench === undefined) continue;
  const servers = await startBenchServers();
  try {
    const quick = values.quick === true;
    if ('measure' in bench) {
      const result = await runLimitBench(bench, { quick, servers, note, line });
      process.stdout.write(`${JSON.stringify(result)}\n`);
      continue;
    }
    const prepared = await bench.prepare({ quick, servers });
    try {
      const outcome = await runBench(name, prepared, quick ? 2 : 5, note);
      await printBench(outcome, prepared, servers, line);
      process.stdout.write(`${JSON.stringify(outcome.result)}\n`);
    } finally {
      await prepared.close();
    }
  } finally {
    await servers.stop();
  }
}
