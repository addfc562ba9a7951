/** Sends prepared requests over kept-alive connections, as fast as they are answered; prints its figures as JSON. */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';

export type LoadPlan = Readonly<{
  url: string;
  path: string;
  secret: string;
  requests: number;
  connections: number;
  bodyBytes: number;
}>;
export type LoadResult = Readonly<{ perSecond: number; p50Ms: number; p99Ms: number; refused: number }>;

const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan;
const port = Number(new URL(plan.url).port);
const prepared = Array.from({ length: plan.requests }, () => request()).values();
const durations: number[] = [];
let refused = 0;

const startedAt = performance.now();
await Promise.all(Array.from({ length: plan.connections }, () => drive()));
const seconds = (performance.now() - startedAt) / 1_000;
durations.sort((a, b) => a - b);
const quantile = (share: number): number =>
  durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? 0;
const result: LoadResult = { perSecond: plan.requests / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), refused };
process.stdout.write(`${JSON.stringify(result)}\n`);

/** One connection, one request after the other. */
function drive(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let sentAt = 0;
    let received = '';
    const sendNext = (): void => {
      const { value, done } = prepared.next();
      if (done === true) {
        socket.end();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(value);
    };
    socket.on('connect', sendNext);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (end < 0 || received.length < end + 4 + length) return;
      if (!received.startsWith('HTTP/1.1 20')) refused += 1;
      received = '';
      durations.push(performance.now() - sentAt);
      sendNext();
    });
  });
}

function request(): Buffer {
  const call = {
    key: randomUUID(),
    agentId: 'agent_bench',
    costs: [],
    object: { call_cost: undefined, transcript_object: [] },
  };
  const bare = Buffer.byteLength(JSON.stringify(retellSample('call_ended', call))) + '"metadata":{"note":""},'.length;
  const padded = {
    ...call,
    object: { ...call.object, metadata: { note: 'x'.repeat(Math.max(0, plan.bodyBytes - bare)) } },
  };
  const body = Buffer.from(JSON.stringify(retellSample('call_ended', padded)));
  const headers = {
    ...signWebhook('retell', body, plan.secret, Date.now()),
    host: 'bench',
    'content-length': body.length,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${plan.path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
}
