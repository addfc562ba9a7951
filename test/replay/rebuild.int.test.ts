import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { PROJECTIONS } from '../../src/projections/all-projections.ts';
import { rebuildProjection } from '../../src/replay/rebuild.ts';
import { history } from '../projections/history.ts';
import type { ProjectedLog } from '../projections/projected-log.ts';
import { createProjectedLog } from '../projections/projected-log.ts';

/** Printed, and taken from the environment to see a failure again. */
const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31);
const logger = createLogger({ level: 'silent' });

async function rebuildAll(log: ProjectedLog, workers: number): Promise<void> {
  const deps = { databaseUrl: log.database.appUrl, logger, clock: systemClock, signal: new AbortController().signal };
  for (const { name } of PROJECTIONS) {
    await rebuildProjection(deps, name, { workers, by: 'test', reason: 'to see that it is equal' });
  }
}

test(`any history, rebuilt by any number of workers, gives the rows of the live fold (seed ${seed})`, async () => {
  console.log(`fast-check seed ${seed}; TEST_SEED=${seed} runs the same histories`);
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 1, max: 3 }), fc.nat(), async (transactions, workers, at) => {
      const log = await createProjectedLog();
      try {
        // What comes after it is folded event by event on top of whole streams.
        const before = transactions.length === 0 ? 0 : at % (transactions.length + 1);
        for (const told of transactions.slice(0, before)) await log.append(told);
        await rebuildAll(log, workers);
        for (const told of transactions.slice(before)) await log.append(told);
        await log.catchUp(500);
        await log.catchUp(7, 2);
        expect(await log.dump(2)).toEqual(await log.dump(1));
      } finally {
        await log.close();
      }
    }),
    {
      seed,
      numRuns: Number(process.env['TEST_RUNS'] ?? 10),
      interruptAfterTimeLimit: 40_000,
      markInterruptAsFailure: false,
    },
  );
});
