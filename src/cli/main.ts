import { EXIT } from './command.ts';
import { createOutput } from './output.ts';
import { reportError } from './report-error.ts';
import { runCli } from './run-cli.ts';

/** Something that does not let go must not keep a finished command alive. */
const GRACE_MS = 2_000;

process.on('uncaughtException', (error) => {
  reportError(error, createOutput({ isJson: false }), { topic: '', isDebugging: false });
  process.exit(EXIT.problem);
});
// `hookledger events list | head` closes the pipe when it has enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.problem),
);

process.exitCode = await runCli(process.argv.slice(2));
setTimeout(() => process.exit(), GRACE_MS).unref();
