export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError';
  readonly code = 'deadline_exceeded';

  constructor(deadlineMs: number) {
    super(`No answer within ${deadlineMs} ms.`);
  }
}

/** Rejects with `DeadlineExceededError` when the work is not done in time. The work itself is not stopped. */
export async function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new DeadlineExceededError(deadlineMs)), deadlineMs);
  try {
    return await Promise.race([work, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the work ended in time. That it failed is an end as well: the caller waits for it, not for its result. */
export async function endsWithin(work: Promise<unknown>, deadlineMs: number): Promise<boolean> {
  try {
    await withDeadline(work, deadlineMs);
    return true;
  } catch (error) {
    return !(error instanceof DeadlineExceededError);
  }
}
