import { userInfo } from 'node:os';
import { UsageError } from './usage-error.ts';

/** Who decides, when `--by` is left out. @throws UsageError when the machine does not know. */
export function userOfMachine(): string {
  try {
    return userInfo().username;
  } catch (error) {
    // In a container the user may have a number and no name.
    throw new UsageError('--by is missing; this machine does not know your name.', { cause: error });
  }
}
