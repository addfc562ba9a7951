import { createInterface } from 'node:readline/promises';
import { UsageError } from './usage-error.ts';

/** What is asked about was not confirmed; nothing has happened. */
class NotConfirmedError extends Error {
  override readonly name = 'NotConfirmedError';
  readonly code = 'not_confirmed';
}

/**
 * Asks a person, on standard error, and returns when the answer is yes.
 * @throws NotConfirmedError when it is not; UsageError when there is nobody to ask.
 */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError(`${question} Nobody is here to be asked: say --yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} Go on? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new NotConfirmedError('It was not confirmed; nothing was changed.');
  } finally {
    terminal.close();
  }
}
