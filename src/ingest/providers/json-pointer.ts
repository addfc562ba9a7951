import { z } from 'zod';

/** RFC 6901: `/data/object/id`; `~1` is a slash in a name, `~0` a tilde. */
export const jsonPointer = z
  .string()
  .max(500)
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'is no JSON pointer such as /data/id');

/** The value at a valid pointer; undefined where there is none. Sees own properties only. */
function readPointer(document: unknown, pointer: string): unknown {
  let value: unknown = document;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

/** A word at the pointer: a text that is not empty, or a number as its text. */
export function readWord(document: unknown, pointer: string): string | undefined {
  const value = readPointer(document, pointer);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
