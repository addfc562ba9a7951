import { once } from 'node:events';
import type { Logger } from './logger.ts';

export type Closable = Readonly<{
  /** What the log calls it. */
  name: string;
  /** `leftMs`: until the deadline of the whole shutdown. Rejects when something had to be cut off; see `WorkCutError`. */
  close(leftMs: number): Promise<void>;
}>;

/** What was under way did not end in time and was cut off. What that means is said; nothing that was promised is lost. */
export class WorkCutError extends Error {
  override readonly name = 'WorkCutError';
  readonly code = 'work_cut';
}

/** What comes after the deadline still gets so long: giving connections back takes milliseconds. */
const GRACE_MS = 250;

/**
 * Closes one stage after the other, in the order given; a list is one stage, closed at once. What fails or is not done
 * by the common deadline is logged by its name and left, the rest still gets its turn. Answers whether all went well.
 */
export async function closeInOrder(
  stages: readonly (Closable | readonly Closable[])[],
  { deadlineMs, logger }: { deadlineMs: number; logger: Logger },
): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  let isClean = true;
  for (const stage of stages) {
    await Promise.all(
      [stage].flat().map(async (closable) => {
        try {
          await closeBy(closable, deadline);
        } catch (err) {
          isClean = false;
          logger.error({ err, component: closable.name }, 'component did not close cleanly');
        }
      }),
    );
  }
  return isClean;
}

async function closeBy({ name, close }: Closable, deadline: number): Promise<void> {
  const leftMs = Math.max(deadline - performance.now(), 0);
  const tooLate = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => tooLate.reject(new Error(`${name} was still closing at the deadline.`)),
    Math.max(leftMs, GRACE_MS),
  );
  try {
    await Promise.race([close(leftMs), tooLate.promise]);
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
