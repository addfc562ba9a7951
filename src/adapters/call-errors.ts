/** The other side will never do this: it has not, and trying again cannot help. */
export class CallRefusedError extends Error {
  override readonly name = 'CallRefusedError';
  readonly code = 'call_refused';
}

/** The other side has certainly not done it, and may do it later. */
export class CallNotTakenError extends Error {
  override readonly name = 'CallNotTakenError';
  readonly code = 'call_not_taken';
  /** What it asked for. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number | undefined } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Nobody knows whether the other side has done it. */
export class CallFailedError extends Error {
  override readonly name = 'CallFailedError';
  readonly code = 'call_failed';
  /** What it asked for. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number | undefined } = {}) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}
