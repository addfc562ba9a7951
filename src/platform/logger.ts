import { pino, stdSerializers } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

/** Fields that hold secrets or payloads wherever they turn up, at the top of a line or one level below. */
const secretFields = [
  'adminUrl',
  'appUrl',
  'authorization',
  'body',
  'cookie',
  'databaseUrl',
  'headers',
  'masterKey',
  'password',
  'payload',
  'personal',
  'rawBody',
  'redisUrl',
  'secret',
  'secrets',
  'signature',
  'token',
];

/** JSON lines on standard output (or `destination`); secrets and payloads are redacted, errors stripped of row values. */
export function createLogger(options: { level: LogLevel }, destination?: DestinationStream): Logger {
  const settings = {
    level: options.level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    serializers: { err: serializeError, error: serializeError },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

/** Facts about the schema that PostgreSQL puts on an error; `detail`, `where` and the rest may quote a row. */
const schemaFields = ['code', 'severity', 'schema', 'table', 'column', 'constraint', 'routine'] as const;

function serializeError(error: unknown): unknown {
  if (!Error.isError(error)) return error;
  const { type, message, stack, ...rest } = stdSerializers.err(error);
  if (!('severity' in error)) return { type, message, stack, ...rest };
  const fields = Object.fromEntries(schemaFields.filter((field) => field in rest).map((field) => [field, rest[field]]));
  return { type, message: withoutValues(message), stack: withoutValues(stack), ...fields };
}

/** `invalid input syntax for type numeric: "…"`: what follows the colon came from the data. */
function withoutValues(text: string): string {
  return text.replace(/: "(?:[^"]|"(?!\n|$))*"/g, ': "[redacted]"');
}
