import { z } from 'zod';
import type { Provider } from './provider.ts';

/** What is wrong with the settings of a source of that provider, for people; undefined when they hold. */
export function checkSettings(
  { name, settings: schema }: Provider,
  settings: Readonly<Record<string, unknown>>,
): string | undefined {
  if (schema === undefined) return undefined;
  const { error } = schema.safeParse(settings);
  return error && `The settings of a source of ${name} do not hold. ${z.prettifyError(error)}`;
}
