import { z } from 'zod';
import { MODES } from '../domain/stream.ts';
import { ParameterError } from './parameter-error.ts';

/**
 * The parameters of a request, checked and in their own types.
 * @throws ParameterError that names the first one at fault, also one that the route does not know.
 */
export function parseQuery<Schema extends z.ZodType>(schema: Schema, query: unknown): z.output<Schema> {
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys')
    throw new ParameterError(issue.keys[0] ?? 'query', 'is no parameter of this route.');
  throw new ParameterError(String(issue?.path[0] ?? 'query'), `${issue?.message ?? 'is not valid'}.`);
}

const controlCharacter = /\p{Cc}/u;

/** PostgreSQL takes no NUL; no id of anything has a control character. */
export const text = z
  .string('give it once')
  .min(1, 'is empty')
  .max(500, 'is longer than 500 characters')
  .refine((value) => !controlCharacter.test(value), 'holds a control character');

/** Given again and again, or separated by commas, or both. */
export function listOf<Item extends z.ZodType<unknown, string>>(item: Item) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((part) => part.split(',')))
    .pipe(z.array(item).max(100, 'has more than 100 values'));
}

/** Empty for one row over everything. */
export function groupsOf<const Group extends string>(groups: readonly Group[]) {
  const reason = `takes ${groups.join(', ')}`;
  return z.union([z.literal('').transform((): Group[] => []), listOf(z.enum(groups))], reason).default([...groups]);
}

export const uuid = z.uuid('is not a UUID');
export const currency = z.string('give it once').regex(/^[A-Z]{3}$/, 'is not an ISO 4217 code, such as EUR');
export const amountText = z.string('give it once').regex(/^\d{1,12}(\.\d{1,12})?$/, 'is no amount, such as 100');
export const mode = z.enum(MODES, 'is live or test');
export const instant = z.iso
  .datetime({ offset: true, error: 'is not an RFC 3339 time, such as 2026-03-01T00:00:00Z' })
  .transform((value) => new Date(value));
export const position = z
  .string('give it once')
  .regex(/^\d{1,18}$/, 'is not a position of the log')
  .transform((value) => BigInt(value));

/** An instant, or a local date in `tz`. */
const bound = z.union(
  [z.iso.date().transform((date) => ({ date })), instant.transform((at) => ({ instant: at }))],
  'is neither a date (2026-03-01) nor an RFC 3339 time (2026-03-01T00:00:00Z; write + as %2B)',
);

export const asOf = z.union(
  [
    position.transform((value) => ({ kind: 'position' as const, position: value })),
    instant.transform((at) => ({ kind: 'time' as const, at })),
  ],
  'is neither a position of the log nor an RFC 3339 time',
);

/** Zone names only: PostgreSQL would take `FOO+3` for a zone, too. */
const timeZone = z
  .string('give it once')
  .refine(isTimeZone, 'is not an IANA time zone, such as Europe/Berlin')
  .default('UTC');

export const paging = {
  limit: z
    .string('give it once')
    .regex(/^\d{1,6}$/, 'is not a number')
    .transform(Number)
    .refine((value) => value >= 1 && value <= 1_000, 'is not between 1 and 1000')
    .default(100)
    .describe('Rows on a page, at most 1000.'),
  cursor: z.string('give it once').optional().describe('next_cursor of the page before.'),
};

/** What every question about figures takes. Half open: from ≤ t < to; the calendar month of now without them. */
export const figureParameters = {
  from: bound.optional().describe('Included: a date in `tz`, or an RFC 3339 time.'),
  to: bound.optional().describe('Excluded: a date in `tz`, or an RFC 3339 time.'),
  tz: timeZone.describe('IANA zone of dates, days and months, such as Europe/Berlin.'),
  tenant_id: listOf(text).optional().describe('Only of these tenants.'),
  mode: mode.default('live').describe('Live and test never mix.'),
  as_of: asOf.optional().describe('A position of the log, or a time, which is resolved to one; without it: now.'),
  ...paging,
};

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
