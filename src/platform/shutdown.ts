import { once } from 'node:events';
import type { Logger } from './logger.ts';

/** Something with a lifecycle, under the name that the log gives it. */
export type Closable = Readonly<{ name: string; close(): Promise<void> }>;

/**
 * Closes one after the other, in the order given. What fails or is not done by the common deadline is logged and left,
 * the rest still gets its turn. Answers whether all went well.
 */
export async function closeInOrder(
  closables: readonly Closable[],
  options: { deadlineMs: number; logger: Logger },
): Promise<boolean> {
  const deadline = Date.now() + options.deadlineMs;
  let isClean = true;
  for (const closable of closables) {
    try {
      await closeBy(closable, deadline);
    } catch (err) {
      isClean = false;
      options.logger.error({ err, component: closable.name }, 'component did not close cleanly');
    }
  }
  return isClean;
}

async function closeBy(closable: Closable, deadline: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${closable.name} was still closing at the deadline.`)),
      Math.max(deadline - Date.now(), 0),
    );
  });
  try {
    await Promise.race([closable.close(), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** A terminal and npm both hand on a Ctrl-C, so one press may arrive twice; a second press comes later than this. */
const samePressMs = 500;

/**
 * Aborted by the first SIGINT or SIGTERM. A second one ends the process at once, for whoever does not want to wait.
 */
export function terminationSignal(): AbortSignal {
  const controller = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      controller.abort(signal);
    } else if (now - firstAt > samePressMs) {
      process.exit(signal === 'SIGINT' ? 130 : 143);
    }
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

/** Resolves when the signal is aborted, at once when it is already. */
export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
