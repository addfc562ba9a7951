import { EXIT } from './command.ts';
import type { Context } from './command.ts';

/** Says that the database lacks these migrations, which is the one problem that hides all others. Answers the exit code. */
export function printMissing({ out, commandLine }: Context, missing: readonly string[]): number {
  const problem = `The database lacks ${missing.length} migrations, from ${missing[0]} on.`;
  out.json({ healthy: false, problems: [problem] });
  out.line(`${out.style('red', 'problem')}: ${problem} Run: ${commandLine('migrate')}`);
  return EXIT.problem;
}
