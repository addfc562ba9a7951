import { afterAll, beforeAll } from '@jest/globals';
import type { Transport } from '../../../src/transports/transport.ts';

export type TransportHarness = Readonly<{
  /** Gives a job up when a second worker has died under it. */
  transport: Transport;
  /** The name of a queue that no other test has. */
  newQueue(): string;
  /** Another worker, whose clock is so far off, takes a job of this queue and dies before it answers for it. */
  dieHoldingOne(queue: string, clockOffsetMs?: number): Promise<void>;
  /** A delay in which another message is published and delivered without haste. */
  delayMs: number;
  close(): Promise<void>;
}>;

/** A store that can be taken away. */
export type OutageHarness = Readonly<{
  /** A transport to the store, which is away at first. */
  transport: Transport;
  newQueue(): string;
  endOutage(): Promise<void>;
  beginOutage(): Promise<void>;
  close(): Promise<void>;
}>;

/** Sets up before the tests of this `describe` and closes after them; they get the harness by calling the result. */
export function useHarness<T extends Readonly<{ close(): Promise<void> }>>(setUp: () => Promise<T>): () => T {
  let harness: T | undefined;
  beforeAll(async () => {
    harness = await setUp();
  });
  afterAll(() => harness?.close());
  return () => {
    if (harness === undefined) throw new Error('The harness is there while a test runs.');
    return harness;
  };
}
