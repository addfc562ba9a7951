import { z } from 'zod';
import { InvalidCommandError } from './errors.ts';

/** A name or an id: short, and nothing in it that PostgreSQL refuses or a terminal obeys. */
export const word = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'may hold no control characters');

/** @throws InvalidCommandError that names each field that is wrong. */
export function parseCommand<Command extends z.ZodType>(schema: Command, input: unknown): z.output<Command> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new InvalidCommandError(z.prettifyError(parsed.error));
  return parsed.data;
}
