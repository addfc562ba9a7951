import { z } from 'zod';
import { ParameterError } from './parameter-error.ts';

/**
 * Where the next page begins. It carries the position, the time and the versions of the first page, so that all pages are
 * of one answer. Opaque to callers.
 */
export type Cursor<Key> = Readonly<{ position: bigint; at: Date; versions: Versions; key: Key }>;

/** Of the read models that the answer is of: a page is of the one that the pages before were of. */
export type Versions = Readonly<Record<string, number>>;

/** `route` keeps a cursor of one route from meaning something to another. */
export function encodeCursor(route: string, { position, at, versions, key }: Cursor<unknown>): string {
  return Buffer.from(JSON.stringify([route, String(position), at.getTime(), versions, key])).toString('base64url');
}

/** @throws ParameterError for anything that `encodeCursor` did not make for this route. */
export function decodeCursor<Key>(
  route: string,
  keySchema: z.ZodType<Key>,
  text: string | undefined,
): Cursor<Key> | undefined {
  if (text === undefined) return undefined;
  const schema = z.tuple([
    z.literal(route),
    z.string().regex(/^\d{1,18}$/),
    z.number().int().min(0).max(8.64e15),
    z.record(z.string(), z.number().int().min(1).max(1e9)),
    keySchema,
  ]);
  const parsed = schema.safeParse(parseJson(Buffer.from(text, 'base64url').toString('utf8')));
  if (!parsed.success) throw new ParameterError('cursor', 'is not a next_cursor of this route.');
  const [, position, at, versions, key] = parsed.data;
  return { position: BigInt(position), at: new Date(at), versions, key };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON at all: the schema refuses it like any other value.
    return undefined;
  }
}
