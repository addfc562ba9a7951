import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { listen } from '../../src/http/listen.ts';
import { createLogger } from '../../src/platform/logger.ts';

/**
 * What the drills' handlers ask for. `effect` names what is to be done, whatever key it is called with; `inOrder` which
 * version of which stream it is for, where the handler asks for order.
 */
const effectRequest = z.object({
  effect: z.string(),
  inOrder: z.object({ queue: z.string(), stream: z.string(), version: z.number() }).optional(),
});

/** `at`: when it was done for the first time, in milliseconds since 1970. */
export type OrderedEffect = NonNullable<z.infer<typeof effectRequest>['inOrder']> & Readonly<{ at: number }>;

/** Which of the two targets; the paths of the server, and the names of the adapters. */
export const TARGETS = ['idempotent', 'neither'] as const;
export type Target = (typeof TARGETS)[number];

/** What was done by the moment in which it was asked; later calls do not change it. */
export type EffectsSoFar = Readonly<{
  /** How often each effect was done. */
  done: Readonly<Record<Target, ReadonlyMap<string, number>>>;
  /** The effects of streams in order, as they came; one that was repeated under its key has come once. */
  inOrder: readonly OrderedEffect[];
}>;

/**
 * The world outside, in the drill's own process, so that it outlives whatever is killed. It takes a moment for each
 * call. `idempotent` does a thing once for each key, as a provider that honours keys; `neither` does it at every call.
 */
export type EffectServer = Readonly<{
  url: string;
  soFar(): EffectsSoFar;
  /** Calls of that process which have not been answered yet. */
  openCalls(pid: number): number;
  close(): Promise<void>;
}>;

const TAKES_MS = 15;
export const CALLER_HEADER = 'drill-process';

export async function startEffectServer(): Promise<EffectServer> {
  const keys = new Set<string>();
  const counts: Readonly<Record<Target, Map<string, number>>> = { idempotent: new Map(), neither: new Map() };
  const ordered: OrderedEffect[] = [];
  const open = new Map<number, number>();

  async function take(request: IncomingMessage): Promise<number> {
    const target = TARGETS.find((name) => request.url === `/${name}`);
    if (target === undefined) return 404;
    const { effect, inOrder } = effectRequest.parse(JSON.parse(await text(request)));
    const key = `${target} ${String(request.headers['idempotency-key'])}`;
    const isRepeated = target === 'idempotent' && keys.has(key);
    keys.add(key);
    // Done at once, answered later: a caller that dies in between leaves a thing that is done.
    if (!isRepeated) {
      counts[target].set(effect, (counts[target].get(effect) ?? 0) + 1);
      if (inOrder !== undefined) ordered.push({ ...inOrder, at: Date.now() });
    }
    await pause(TAKES_MS);
    return 200;
  }

  const server = createServer((request, response) => {
    const pid = Number(request.headers[CALLER_HEADER]);
    open.set(pid, (open.get(pid) ?? 0) + 1);
    response.once('close', () => open.set(pid, (open.get(pid) ?? 0) - 1));
    take(request).then(
      (status) => response.writeHead(status).end(),
      (error: unknown) => response.destroy(Error.isError(error) ? error : undefined),
    );
  });
  const logger = createLogger({ level: 'silent' });
  const listening = await listen(server, { host: '127.0.0.1', port: 0, mayMove: true, logger });
  return {
    url: listening.url,
    soFar: () => ({
      done: { idempotent: new Map(counts.idempotent), neither: new Map(counts.neither) },
      inOrder: [...ordered],
    }),
    openCalls: (pid) => open.get(pid) ?? 0,
    close: () => listening.close(0),
  };
}
