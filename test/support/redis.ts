import { describe, test } from '@jest/globals';
import { readTestRun, reportNotProven } from './test-run.ts';

/**
 * `describe` for tests that need Redis: the one of this run, shared by all test files, so use a prefix of your own.
 * Where there is none, the run says at its end what was left out.
 */
export function describeWithRedis(name: string, define: (redisUrl: string) => void): void {
  const { redisUrl } = readTestRun();
  if (redisUrl !== undefined) {
    describe(name, () => define(redisUrl));
    return;
  }
  describe(name, () => test('is left out: no Redis on this machine', () => reportNotProven(`${name} (no Redis here)`)));
}
