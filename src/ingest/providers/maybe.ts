import type { z } from 'zod';

/** A field that a provider may leave out or set to null; both mean that it does not tell. */
export function maybe<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}
