import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { RebuildPart } from './fold-range.ts';
import type { ThreadOrder } from './rebuild-thread.ts';

/**
 * Folds each part in a thread of its own. Rejects with the first failure, after all have ended: what the others have
 * written stays, and is gone on from.
 */
export async function foldInThreads(
  order: Omit<ThreadOrder, 'part'>,
  parts: readonly RebuildPart[],
  signal: AbortSignal,
): Promise<void> {
  const results = await Promise.allSettled(parts.map((part) => runThread({ ...order, part }, signal)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function runThread(order: ThreadOrder, signal: AbortSignal): Promise<void> {
  const thread = new Worker(new URL('./rebuild-thread.ts', import.meta.url), { workerData: order });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
  const stop = (): void => thread.postMessage('stop');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [code] = await once(thread, 'exit');
    if (code !== 0) throw new Error(`A worker of the rebuild of ${order.name} ended with ${String(code)}.`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
