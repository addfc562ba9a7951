import { describe, test } from '@jest/globals';
import { readTestRun, reportNotProven } from './test-run.ts';

/** The Redis of this test run, shared by all test files: use a prefix of your own. Undefined where there is none. */
export function testRedisUrl(): string | undefined {
  return readTestRun().redisUrl;
}

export function hasRedis(): boolean {
  return testRedisUrl() !== undefined;
}

/** `describe` for tests that need Redis; where there is none, the run says at its end that they were left out. */
export function describeWithRedis(name: string, define: (redisUrl: string) => void): void {
  const url = testRedisUrl();
  if (url !== undefined) {
    describe(name, () => define(url));
    return;
  }
  describe(name, () => test('is left out: no Redis on this machine', () => reportNotProven(`${name} (no Redis here)`)));
}
