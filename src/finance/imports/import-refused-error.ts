export type LineProblem = Readonly<{ line: number; reason: string }>;

/** A file with a bad line is not taken at all; the message names every one of them. */
export class ImportRefusedError extends Error {
  override readonly name = 'ImportRefusedError';
  readonly code = 'import_refused';
  readonly problems: readonly LineProblem[];

  constructor(problems: readonly LineProblem[]) {
    const lines = problems.map(({ line, reason }) => `  line ${line}: ${reason}`);
    super(`Nothing was imported. Correct what is wrong and import the whole file again:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}
