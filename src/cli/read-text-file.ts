import { readFileSync } from 'node:fs';
import { UsageError } from './usage-error.ts';

/** @throws UsageError when there is no such file, or it is no UTF-8. */
export function readTextFile(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    throw new UsageError(`${path} cannot be read as a text file in UTF-8.`, { cause: error });
  }
}
