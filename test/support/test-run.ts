import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const testRunSchema = z.object({
  /** The superuser on the server's own database. */
  adminUrl: z.string(),
  /** Of the role `hookledger_app`. */
  appPassword: z.string(),
  /** The migrated database that test databases are copies of. */
  template: z.string(),
  redisUrl: z.string().optional(),
  notProvenPath: z.string(),
});

/** What the global setup hands to every test file, through the environment of the workers. */
type TestRun = z.infer<typeof testRunSchema>;

const variable = 'TEST_RUN';

export function publishTestRun(run: TestRun): void {
  process.env[variable] = JSON.stringify(run);
}

export function readTestRun(): TestRun {
  const run = process.env[variable];
  if (run === undefined) throw new Error(`${variable} is not set; run tests with \`npm test\`.`);
  return testRunSchema.parse(JSON.parse(run));
}

/** The end of the run says what could not be proven here, and for want of what. */
export function reportNotProven(what: string): void {
  appendFileSync(readTestRun().notProvenPath, `${what}\n`);
}

export function listNotProven(path: string): string[] {
  if (!existsSync(path)) return [];
  return [...new Set(readFileSync(path, 'utf8').trim().split('\n'))];
}
