#!/usr/bin/env node
// Plain JavaScript that any Node from 20 on can run: the sources need Node 24, which the npm package `node` brings.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const neededMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  await import('../src/cli/main.ts');
} else {
  runAgainOn(findBundledNode());
}

function findBundledNode() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    console.error(
      `hookledger needs Node ${neededMajor}, this is ${process.version}. Run \`npm ci\` (without --omit), or use a newer Node.`,
    );
    process.exit(1);
  }
}

/** Same arguments, same terminal; signals and the exit code pass through. */
function runAgainOn(node) {
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${node} does not start: ${error.message}. Run \`npm ci\` and let its install script run.`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
