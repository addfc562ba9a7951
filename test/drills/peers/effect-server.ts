import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/** A call that was carried out. */
export type Effect = Readonly<{ id: string; thing: string; order?: number; worker: number; at: number }>;

/** The outside: carries out every call as often as it is asked, and keeps account. */
export type EffectServer = Readonly<{
  url: string;
  /** In the order in which they were carried out. */
  all(): readonly Effect[];
  /** When the first of this id was carried out; undefined while none was. */
  firstAt(id: string): number | undefined;
  /** From now on carries out the worker's calls without answering them; resolves when there is one. */
  hold(worker: number): Promise<void>;
  held(worker: number): number;
  /** Breaks off what is held: for a worker that is gone. */
  drop(worker: number): void;
  close(): Promise<void>;
}>;

/** As long as a call takes. */
const CALL_MS = 5;

export async function startEffectServer(): Promise<EffectServer> {
  const effects: Effect[] = [];
  const first = new Map<string, number>();
  const holds = new Map<number, { open: ServerResponse[]; begin: () => void }>();

  const server = createServer((request, response) => {
    void (async () => {
      const effect = { ...((await json(request)) as Omit<Effect, 'at'>), at: performance.now() };
      effects.push(effect);
      if (!first.has(effect.id)) first.set(effect.id, effect.at);
      const hold = holds.get(effect.worker);
      if (hold !== undefined) {
        hold.open.push(response);
        hold.begin();
        return;
      }
      await pause(CALL_MS);
      response.end('{}');
      // A caller that was killed in the middle of its request.
    })().catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();

  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    all: () => effects,
    firstAt: (id) => first.get(id),
    hold: (worker) => new Promise((resolve) => holds.set(worker, { open: [], begin: resolve })),
    held: (worker) => holds.get(worker)?.open.length ?? 0,
    drop(worker) {
      for (const response of holds.get(worker)?.open ?? []) response.destroy();
      holds.delete(worker);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
