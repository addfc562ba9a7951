import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import type { Delivery } from './deliveries.ts';
import { createReadyPorts } from './ready-ports.ts';

/** A webhook that was answered 2xx, once or more. */
export type Accepted = Readonly<{
  delivery: Delivery;
  /** The webhook ids in the answers; more than one is a duplicate that was recorded twice. */
  ids: ReadonlySet<string>;
  /** Answers that were not `duplicate`. */
  firsts: number;
}>;

export type ProviderClient = Readonly<{
  /**
   * Sends by the clock, whatever the answers do, as long as fewer than 200 webhooks wait for theirs, until aborted;
   * resolves when all is answered 2xx, or at the deadline.
   */
  run(signal: AbortSignal): Promise<void>;
  /** Different webhooks sent so far. */
  sent(): number;
  accepted(): readonly Accepted[];
  /** Requests that wait for an answer now, at this port or at any. */
  underWay(port?: number): number;
  /** Requests that were answered otherwise than 2xx, or broke off; a refused connection that another port took is none. */
  failures(): ReadonlyMap<string, number>;
  /** Resolves with the next 2xx to a request that is sent from now on. */
  nextAccepted(): Promise<void>;
}>;

export type ProviderClientOptions = Readonly<{
  ports: readonly number[];
  sources: Readonly<Record<Delivery['provider'], { path: string; secret: string }>>;
  deliveries: Iterator<Delivery, never>;
  perSecond: number;
}>;

/** As a provider's delivery service has it: a webhook is sent again until it is answered 2xx, always the same bytes. */
const FIRST_RETRY_MS = 400;
const LAST_RETRY_MS = 3_200;
const REQUEST_DEADLINE_MS = 30_000;
/** A machine that is busy otherwise must not be buried under webhooks that it cannot take. */
const MAX_WAITING = 200;
/** After the end of sending. */
const DRAIN_DEADLINE_MS = 60_000;
/** One in so many is sent again although it was answered, as providers do when an answer got lost on its way. */
const REPEATED = 25;

type Answer = Readonly<{ kind: 'accepted'; id: string; isFirst: boolean }> | Readonly<{ kind: 'failed'; why: string }>;

export function createProviderClient({ ports, sources, deliveries, perSecond }: ProviderClientOptions): ProviderClient {
  const accepted = new Map<string, { delivery: Delivery; ids: Set<string>; firsts: number }>();
  const failures = new Map<string, number>();
  const underWay = new Map<number, number>(ports.map((port) => [port, 0]));
  const waiting: { since: number; resolve: () => void }[] = [];
  const readyPorts = createReadyPorts(ports);
  let sent = 0;

  async function post(delivery: Delivery, turn: number): Promise<Answer> {
    let last: Answer = { kind: 'failed', why: 'no port' };
    // What a load balancer does: a port that is not ready is left out, one that refuses the connection passed over.
    for (const port of readyPorts.inTurn(turn)) {
      underWay.set(port, (underWay.get(port) ?? 0) + 1);
      last = await postTo(port, sources[delivery.provider], delivery);
      underWay.set(port, (underWay.get(port) ?? 0) - 1);
      if (last.kind === 'accepted' || last.why !== 'ECONNREFUSED') return last;
    }
    return last;
  }

  function keep(delivery: Delivery, { id, isFirst }: Extract<Answer, { kind: 'accepted' }>): void {
    const known = accepted.get(delivery.key) ?? { delivery, ids: new Set(), firsts: 0 };
    known.ids.add(id);
    if (isFirst) known.firsts += 1;
    accepted.set(delivery.key, known);
  }

  async function deliver(delivery: Delivery, turn: number, times: number, deadline: () => number): Promise<void> {
    let left = times;
    for (let tries = 0; left > 0; tries += 1) {
      const sentAt = performance.now();
      const answer = await post(delivery, turn + tries);
      if (answer.kind === 'accepted') {
        keep(delivery, answer);
        left -= 1;
        for (const each of waiting.filter(({ since }) => sentAt >= since)) each.resolve();
        continue;
      }
      failures.set(answer.why, (failures.get(answer.why) ?? 0) + 1);
      if (performance.now() > deadline()) return;
      await pause(Math.min(FIRST_RETRY_MS * 2 ** tries, LAST_RETRY_MS));
    }
  }

  return {
    async run(signal) {
      let deadline = Infinity;
      const startedAt = performance.now();
      const end = new AbortController();
      const watching = readyPorts.watch(end.signal);
      const open = new Set<Promise<void>>();
      for (; !signal.aborted; sent += 1) {
        const early = startedAt + (sent * 1_000) / perSecond - performance.now();
        if (early > 0) await pause(early, undefined, { signal }).catch(() => undefined);
        if (open.size >= MAX_WAITING) await Promise.race(open);
        if (signal.aborted) break;
        const delivering = deliver(deliveries.next().value, sent, sent % REPEATED === 0 ? 2 : 1, () => deadline);
        open.add(delivering);
        void delivering.finally(() => open.delete(delivering));
      }
      deadline = performance.now() + DRAIN_DEADLINE_MS;
      await Promise.all(open);
      end.abort();
      await watching;
    },
    sent: () => sent,
    accepted: () => [...accepted.values()],
    underWay: (port) => (port === undefined ? sum(underWay.values()) : (underWay.get(port) ?? 0)),
    failures: () => failures,
    nextAccepted: () => new Promise((resolve) => waiting.push({ since: performance.now(), resolve })),
  };
}

/** Over a connection of its own: one that is kept may be closed by the server just when the request goes out. */
function postTo(port: number, source: { path: string; secret: string }, delivery: Delivery): Promise<Answer> {
  const headers = {
    ...signWebhook(delivery.provider, delivery.body, source.secret, Date.now()),
    'content-length': delivery.body.length,
  };
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const sending = request(
    { host: '127.0.0.1', port, method: 'POST', path: source.path, headers, agent: false, timeout: REQUEST_DEADLINE_MS },
    (response) => {
      const { statusCode = 0, headers: answered } = response;
      const id = String(answered['hookledger-webhook']);
      // Accepted is what was answered whole: a connection that breaks under the answer tells a provider nothing.
      response.once('end', () =>
        resolve(
          statusCode >= 200 && statusCode < 300
            ? { kind: 'accepted', id, isFirst: answered['hookledger-outcome'] !== 'duplicate' }
            : { kind: 'failed', why: String(statusCode) },
        ),
      );
      response.once('error', () => resolve({ kind: 'failed', why: 'broke off' }));
      response.resume();
    },
  );
  sending.once('timeout', () => sending.destroy(new Error('no answer in time')));
  sending.once('error', (error: NodeJS.ErrnoException) =>
    resolve({ kind: 'failed', why: error.code ?? error.message }),
  );
  sending.end(delivery.body);
  return promise;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, each) => total + each, 0);
}
