/**
 * `npm run drill -- <name>|all|peers [--quick] [--json] [--max-recovery seconds]`. Starts its own servers, breaks
 * something under load, and prints what was lost, doubled or reordered, and as its last line the result as JSON. Refuses
 * in production.
 */
import { parseArgs } from 'node:util';
import type { DrillResult } from './drill.ts';
import { DRILLS } from './drills.ts';
import { describeTable } from './describe-table.ts';
import { runDrill } from './run-drill.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    // The goal, on a machine of its own.
    'max-recovery': { type: 'string', default: '30' },
  },
});
const maxRecoverySeconds = Number(values['max-recovery']);
if (!(maxRecoverySeconds > 0)) {
  process.stderr.write('--max-recovery is a number of seconds, such as 30.\n');
  process.exit(2);
}
const [name, ...others] = positionals;
if (name === 'peers' && process.env['NODE_ENV'] !== 'production') {
  const { runPeers, whyNotThese } = await import('./peers/run-peers.ts');
  const whyNot = whyNotThese(others);
  if (whyNot !== undefined) {
    process.stderr.write(`${whyNot}\n`);
    process.exit(2);
  }
  await runPeers(others, values);
  process.exit(0);
}
const chosen = name === 'all' ? DRILLS : DRILLS.filter((drill) => drill.name === name);
if (process.env['NODE_ENV'] === 'production' || chosen.length === 0 || others.length > 0) {
  process.stderr.write(
    process.env['NODE_ENV'] === 'production'
      ? 'Drills do not run in production.\n'
      : `Name one drill, or all: ${DRILLS.map((drill) => drill.name).join(', ')}.\n`,
  );
  process.exit(2);
}
const line = (text: string): void => void (values.json === true ? process.stderr : process.stdout).write(`${text}\n`);

// What the drill has started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const results: DrillResult[] = [];
for (const drill of chosen) {
  process.stderr.write(`${drill.name}: breaks ${drill.breaks} …\n`);
  const { result, problems, notes } = await runDrill(drill, { isQuick: values.quick === true, maxRecoverySeconds });
  results.push(result);
  for (const note of notes) process.stderr.write(`  ${note}\n`);
  for (const problem of problems) process.stderr.write(`  PROBLEM: ${problem}\n`);
}
for (const text of describeTable(results)) line(text);
if (values.json === true || name !== 'all') {
  process.stdout.write(`${JSON.stringify(name === 'all' ? { drills: results } : results[0])}\n`);
}
process.exit(results.some(({ ok }) => ok === false) ? 1 : 0);
