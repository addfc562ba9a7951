import { DatabaseError } from 'pg';

/** PostgreSQL is down, too slow or refuses for a reason of ours. Nothing was promised; the provider tries again. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly code = 'store_unavailable';
  readonly retryAfterSeconds = 5;

  constructor(cause: unknown) {
    super('The event store did not confirm the write in time; nothing was acknowledged, send it again.', { cause });
  }
}

/**
 * What a failed append means for its batch:
 * - `again`: a deadlock or serialisation failure; the same batch may simply be tried again
 * - `poisoned`: the data of some member is refused (NUL, lone surrogate, out of range); its neighbours are fine
 * - `unavailable`: everything else; whether it was written may be unknown, so it is not tried again from here
 */
export function classifyStoreError(error: unknown): 'again' | 'poisoned' | 'unavailable' {
  if (!(error instanceof DatabaseError) || error.code === undefined) return 'unavailable';
  if (error.code === '40P01' || error.code === '40001') return 'again';
  // 22: data exception, 23: a check refused a value, 54: a value too large for an index row.
  return /^(22|23|54)/.test(error.code) ? 'poisoned' : 'unavailable';
}
