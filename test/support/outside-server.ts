import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OutboundAdapter } from '../../src/adapters/adapter.ts';
import { createHttpAdapter } from '../../src/adapters/http-adapter.ts';

/**
 * What the server does with a call: carries it out and answers; carries it out and drops the connection; drops it
 * before; or turns it away with a status, having done nothing.
 */
export type Behaviour = 'ok' | 'lost-after' | 'lost-before' | number;

/** Somebody else's HTTP server, which counts by key and, unless told to, does everything as often as it is asked. */
export type OutsideServer = Readonly<{
  url: string;
  /** Calls that arrived and were not turned away, whatever became of them. */
  calls(key: string): number;
  /** How often it was carried out. */
  effects(key: string): number;
  keys(): readonly string[];
  /** For the next calls, one each; afterwards it answers. */
  script(...behaviours: readonly Behaviour[]): void;
  /** Runs while a call is under way. */
  during(hook: (() => Promise<void>) | undefined): void;
  /** Whether a known key is answered as before, without doing anything. */
  dedupe(isOn: boolean): void;
  adapter(declared: OutboundAdapter['declared']): OutboundAdapter;
  close(): Promise<void>;
}>;

export async function startOutsideServer(): Promise<OutsideServer> {
  const calls = new Map<string, number>();
  const effects = new Map<string, number>();
  let behaviours: Behaviour[] = [];
  let during: (() => Promise<void>) | undefined;
  let dedupes = false;

  const post = async (key: string, response: ServerResponse): Promise<void> => {
    await during?.();
    const behaviour = behaviours.shift() ?? 'ok';
    if (typeof behaviour === 'number') {
      response.writeHead(behaviour, { 'retry-after': '7' }).end('no');
      return;
    }
    calls.set(key, (calls.get(key) ?? 0) + 1);
    if (behaviour !== 'lost-before' && !(dedupes && effects.has(key))) effects.set(key, (effects.get(key) ?? 0) + 1);
    if (behaviour === 'ok') answer(response, key);
    else response.destroy();
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.resume();
    await once(request, 'end');
    if (request.method === 'POST') return post(String(request.headers['idempotency-key']), response);
    const key = request.url?.split('/').at(-1) ?? '';
    if (effects.has(key)) answer(response, key);
    else response.writeHead(404).end();
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const common = { name: 'outside', url: `${url}/calls`, resultFields: ['id'] } as const;
  return {
    url,
    calls: (key) => calls.get(key) ?? 0,
    effects: (key) => effects.get(key) ?? 0,
    keys: () => [...calls.keys()],
    script: (...next) => void (behaviours = [...next]),
    during: (hook) => void (during = hook),
    dedupe: (isOn) => void (dedupes = isOn),
    adapter: (declared) =>
      declared === 'queryable'
        ? createHttpAdapter({ ...common, declared, lookUpUrl: `${url}/calls/{key}` })
        : createHttpAdapter({ ...common, declared }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, key: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ id: `done-${key}` }));
}
