import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** Which of the `api` processes are to be sent requests, as a load balancer in front of them knows it. */
export type ReadyPorts = Readonly<{
  /** Those that are ready, the one whose turn it is first; all of them when none is: one may be about to become so. */
  inTurn(turn: number): readonly number[];
  /** Asks each of them for `/readyz`, over and over, until aborted. */
  watch(signal: AbortSignal): Promise<void>;
}>;

const BETWEEN_PROBES_MS = 150;
/** One that is busy is late with its answer and is no less ready for it. */
const PROBE_DEADLINE_MS = 2_000;

export function createReadyPorts(ports: readonly number[]): ReadyPorts {
  const unready = new Set<number>();

  async function watchOne(port: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const status = await probe(port);
      if (status === 200) unready.delete(port);
      else unready.add(port);
      await pause(BETWEEN_PROBES_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    inTurn(turn) {
      const ready = ports.filter((port) => !unready.has(port));
      const chosen = ready.length === 0 ? ports : ready;
      const first = turn % chosen.length;
      return [...chosen.slice(first), ...chosen.slice(0, first)];
    },
    async watch(signal) {
      await Promise.all(ports.map((port) => watchOne(port, signal)));
    },
  };
}

/** The status, or undefined when there was no answer. */
function probe(port: number): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const asking = request(
    { host: '127.0.0.1', port, path: '/readyz', agent: false, timeout: PROBE_DEADLINE_MS },
    (response) => {
      response.resume();
      resolve(response.statusCode);
    },
  );
  asking.once('timeout', () => asking.destroy());
  asking.once('error', () => resolve(undefined));
  // One that was destroyed may say so by its end alone.
  asking.once('close', () => resolve(undefined));
  asking.end();
  return promise;
}
