import type { Logger } from '../platform/logger.ts';

const repeatAfterMs = 10_000;

/**
 * Logs what a reconnecting client emits. The same error comes with every try, up to several times a second for as long
 * as the outage lasts, so that one is logged again only every ten seconds.
 */
export function createErrorReporter(logger: Logger, message: string): (err: Error) => void {
  let lastText = '';
  let lastAt = 0;
  return (err) => {
    const now = performance.now();
    const text = `${err.name}: ${err.message}`;
    if (text === lastText && now - lastAt < repeatAfterMs) return;
    lastText = text;
    lastAt = now;
    logger.warn({ err }, message);
  };
}
