import { z } from 'zod';
import { nearest } from './platform/nearest.ts';

const masterKeyBytes = 32;

/** Every variable that Hookledger reads, by its name in the environment. The docs' table is generated from this. */
const environmentSchema = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'])
    .default('development')
    .describe('With `production` nothing is embedded and every server must be named.'),
  HOST: z
    .string()
    .optional()
    .describe('Address to listen on; without it 127.0.0.1, and in production every address of the machine.'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000).describe('Port of the HTTP server.'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' })
    .optional()
    .describe('PostgreSQL, as the application logs in; without it an embedded server. Required in production.'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .optional()
    .describe(
      'Redis for the queues; without it a `redis-server` found here, else queues in PostgreSQL. Required in production.',
    ),
  HOOKLEDGER_MASTER_KEY: z
    .string()
    .refine(isMasterKey, {
      error: `must be ${masterKeyBytes} bytes in base64 (openssl rand -base64 ${masterKeyBytes})`,
    })
    .optional()
    .describe(
      'Encrypts the secrets of sources: 32 bytes in base64; without it one is made up. Required in production.',
    ),
  HOOKLEDGER_DATA_DIR: z.string().default('.hookledger').describe('Data of the embedded servers, for development.'),
  HOOKLEDGER_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
    .optional()
    .describe('The URL under which the world reaches this server, for links and for signatures over the URL.'),
  HOOKLEDGER_BODY_LIMIT_BYTES: z.coerce
    .number()
    .int()
    .positive()
    .default(5 * 1024 * 1024)
    .describe('The largest webhook body that is accepted, after inflating.'),
  START_WAIT_SECONDS: z.coerce
    .number()
    .int()
    .min(0)
    .max(3_600)
    .default(60)
    .describe('How long a start waits for PostgreSQL and Redis to come up before it gives up.'),
  SHUTDOWN_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_600)
    .default(25)
    .describe('How long a stop waits for what is under way before it cuts it off and ends with exit code 1.'),
  DEAD_LETTER_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3_650)
    .default(30)
    .describe('How long dead letters are kept, in days; older ones go, redriven or not.'),
  JOB_DAYS: z.coerce
    .number()
    .int()
    .min(2)
    .max(3_650)
    .default(30)
    .describe(
      'How long the outbox, inbox and attempts of jobs are kept, in days from when all jobs of their partition have ended.',
    ),
  WEBHOOK_BODY_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(36_500)
    .optional()
    .describe(
      'After how many days the bodies and headers of webhooks are erased; without it never. What a person still has to look into stays.',
    ),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('The least severe log lines to write.'),
});

type Environment = z.infer<typeof environmentSchema>;

export type Config = Readonly<{
  isProduction: boolean;
  host: string;
  port: number;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  /** 32 bytes in base64. */
  masterKey: string | undefined;
  dataDir: string;
  publicUrl: string | undefined;
  bodyLimitBytes: number;
  deadLetterDays: number;
  jobDays: number;
  webhookBodyDays: number | undefined;
  startWaitSeconds: number;
  shutdownSeconds: number;
  logLevel: Environment['LOG_LEVEL'];
}>;

/** What is wrong with the environment: one line for each variable, without the values of any. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'invalid_config';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The environment is not right:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Reads the environment; no other code does. A variable that is set to nothing counts as not set. */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environmentSchema.safeParse(given);
  const problems = [
    ...Object.keys(given).filter(isUnknown).map(suggestName),
    ...(parsed.error?.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) ?? []),
    ...missingInProduction(given),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(toConfig(parsed.data));
}

/** Every setting by its variable's name, for the log at start: secrets only as set or not, passwords masked. */
export function describeConfig(config: Config): Record<string, string> {
  return {
    NODE_ENV: config.isProduction ? 'production' : 'development',
    HOST: config.host,
    PORT: String(config.port),
    DATABASE_URL: maskPassword(config.databaseUrl),
    REDIS_URL: maskPassword(config.redisUrl),
    HOOKLEDGER_MASTER_KEY: config.masterKey === undefined ? 'not set' : 'set',
    HOOKLEDGER_DATA_DIR: config.dataDir,
    HOOKLEDGER_PUBLIC_URL: config.publicUrl ?? 'not set',
    HOOKLEDGER_BODY_LIMIT_BYTES: String(config.bodyLimitBytes),
    START_WAIT_SECONDS: String(config.startWaitSeconds),
    SHUTDOWN_SECONDS: String(config.shutdownSeconds),
    DEAD_LETTER_DAYS: String(config.deadLetterDays),
    JOB_DAYS: String(config.jobDays),
    WEBHOOK_BODY_DAYS: String(config.webhookBodyDays ?? 'not set'),
    LOG_LEVEL: config.logLevel,
  };
}

/** How long what is settled is kept. */
export function retentionOf({ jobDays, deadLetterDays, webhookBodyDays }: Config) {
  return { jobDays, deadLetterDays, webhookBodyDays };
}

/** Name, meaning and default of every variable, for `status --env` and the docs. */
export function listSettings(): { name: string; description: string; default: string }[] {
  const defaults: Record<string, string | number | undefined> = environmentSchema.parse({});
  return Object.entries(environmentSchema.shape).map(([name, schema]) => ({
    name,
    description: schema.description ?? '',
    default: String(defaults[name] ?? ''),
  }));
}

function toConfig(env: Environment): Config {
  const isProduction = env.NODE_ENV === 'production';
  return {
    isProduction,
    host: env.HOST ?? (isProduction ? '0.0.0.0' : '127.0.0.1'),
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    masterKey: env.HOOKLEDGER_MASTER_KEY,
    dataDir: env.HOOKLEDGER_DATA_DIR,
    publicUrl: env.HOOKLEDGER_PUBLIC_URL,
    bodyLimitBytes: env.HOOKLEDGER_BODY_LIMIT_BYTES,
    deadLetterDays: env.DEAD_LETTER_DAYS,
    jobDays: env.JOB_DAYS,
    webhookBodyDays: env.WEBHOOK_BODY_DAYS,
    startWaitSeconds: env.START_WAIT_SECONDS,
    shutdownSeconds: env.SHUTDOWN_SECONDS,
    logLevel: env.LOG_LEVEL,
  };
}

function missingInProduction(given: Record<string, string | undefined>): string[] {
  if (given['NODE_ENV'] !== 'production') return [];
  return ['DATABASE_URL', 'REDIS_URL', 'HOOKLEDGER_MASTER_KEY']
    .filter((name) => given[name] === undefined)
    .map((name) => `${name} must be set when NODE_ENV is production`);
}

function isMasterKey(text: string): boolean {
  return /^[A-Za-z0-9+/]+=*$/.test(text) && Buffer.from(text, 'base64').length === masterKeyBytes;
}

function isUnknown(name: string): boolean {
  return name.startsWith('HOOKLEDGER_') && !(name in environmentSchema.shape);
}

function suggestName(unknown: string): string {
  const known = nearest(unknown, Object.keys(environmentSchema.shape));
  return `${unknown} is not a setting${known === undefined ? '' : `; did you mean ${known}?`}`;
}

function maskPassword(url: string | undefined): string {
  if (url === undefined) return 'not set';
  const masked = new URL(url);
  if (masked.password !== '') masked.password = '***';
  return masked.href;
}
