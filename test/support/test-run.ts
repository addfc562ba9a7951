import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** What the global setup hands to every test file, through the environment of the workers. */
const names = {
  adminUrl: 'TEST_RUN_ADMIN_URL',
  appPassword: 'TEST_RUN_APP_PASSWORD',
  template: 'TEST_RUN_TEMPLATE',
  redisUrl: 'TEST_RUN_REDIS_URL',
  notProvenPath: 'TEST_RUN_NOT_PROVEN_PATH',
} as const;

type TestRun = Readonly<Record<Exclude<keyof typeof names, 'redisUrl'>, string> & { redisUrl: string | undefined }>;

export function publishTestRun(run: TestRun): void {
  for (const key of Object.keys(names) as (keyof typeof names)[]) {
    const value = run[key];
    if (value === undefined) delete process.env[names[key]];
    else process.env[names[key]] = value;
  }
}

export function readTestRun(): TestRun {
  return {
    adminUrl: required('adminUrl'),
    appPassword: required('appPassword'),
    template: required('template'),
    redisUrl: process.env[names.redisUrl],
    notProvenPath: required('notProvenPath'),
  };
}

/** Notes for the end of the run what could not be proven here, for want of what. */
export function reportNotProven(what: string): void {
  console.warn(`not proven here: ${what}`);
  appendFileSync(readTestRun().notProvenPath, `${what}\n`);
}

export function listNotProven(path: string): string[] {
  if (!existsSync(path)) return [];
  return [...new Set(readFileSync(path, 'utf8').trim().split('\n'))];
}

function required(key: keyof typeof names): string {
  const value = process.env[names[key]];
  if (value === undefined) throw new Error(`${names[key]} is not set; run tests with \`npm test\`.`);
  return value;
}
