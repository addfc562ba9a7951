import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../../src/platform/logger.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import type { BullmqTransportOptions } from '../../src/transports/bullmq.ts';
import type { OutageHarness, TransportHarness } from './conformance/harness.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

export type BullmqStore = Readonly<{
  options: Pick<BullmqTransportOptions, 'backend' | 'prefix'>;
  newQueue(): string;
  close(): Promise<void>;
}>;

/** Short, so that a test does not wait long for a dead worker's job; long enough for a busy machine to renew in time. */
const pace = { lockDurationMs: 2_000, stalledIntervalMs: 500, overdueIntervalMs: 200, maxDeaths: 1 };

const logger = createLogger({ level: 'silent' });

export function createBullmqHarness({ options, newQueue, close }: BullmqStore): TransportHarness {
  const settings = { ...pace, ...options };
  const transport = createBullmqTransport({ ...settings, logger });
  return {
    transport,
    newQueue,
    dieHoldingOne: (queue, clockOffsetMs = 0) => dieHoldingOne(queue, settings, clockOffsetMs),
    delayMs: 1_500,
    async close() {
      await transport.close();
      await close();
    },
  };
}

/** Takes the store away by standing between: its server goes on. */
export async function createBullmqOutageHarness({ options, newQueue, close }: BullmqStore): Promise<OutageHarness> {
  const proxy = await createTcpProxy(options.backend.url);
  const backend = { ...options.backend, url: proxy.url };
  const transport = createBullmqTransport({ ...pace, ...options, backend, logger });
  return {
    transport,
    newQueue,
    beginOutage: () => proxy.stop(),
    endOutage: () => proxy.start(),
    async close() {
      await transport.close();
      await proxy.stop();
      await close();
    },
  };
}

async function dieHoldingOne(
  queue: string,
  settings: Omit<BullmqTransportOptions, 'logger'>,
  clockOffsetMs: number,
): Promise<void> {
  const script = fileURLToPath(new URL('./hold-a-job.ts', import.meta.url));
  const worker = spawn(process.execPath, [script, queue, JSON.stringify(settings), String(clockOffsetMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(worker, 'exit');
  const held = once(worker.stdout, 'data');
  await Promise.race([held, exited.then(() => Promise.reject(new Error('The worker ended without a job.')))]);
  worker.kill('SIGKILL');
  await exited;
}
