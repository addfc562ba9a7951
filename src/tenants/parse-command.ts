import { z } from 'zod';
import { InvalidCommandError } from './errors.ts';

/** A name or an id: short, and nothing in it that PostgreSQL refuses or a terminal obeys. */
export const word = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'may hold no control characters');

/** Why somebody decided something: lines of text. */
export const reason = z
  .string()
  .trim()
  .min(1, 'say why')
  .max(1_000)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'holds a character that cannot be kept');

/** @throws InvalidCommandError that names each field that is wrong. */
export function parseCommand<Command extends z.ZodType>(schema: Command, input: unknown): z.output<Command> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new InvalidCommandError(z.prettifyError(parsed.error));
  return parsed.data;
}
