import { randomUUID } from 'node:crypto';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { PROJECTIONS } from '../../src/projections/all-projections.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { createProjectionRunner } from '../../src/projections/run-projection.ts';
import { foldCostRate } from '../../src/tenants/fold-cost-rate.ts';
import { foldPricePlanAssignment } from '../../src/tenants/fold-price-plan-assignment.ts';
import { foldPricePlan } from '../../src/tenants/fold-price-plan.ts';
import type { TestDatabase } from '../support/database.ts';
import { createTestDatabase } from '../support/database.ts';
import type { Told } from './history.ts';
import { PLANS, TENANTS } from './history.ts';

const logger = createLogger({ level: 'silent' });

const TABLES = PROJECTIONS.flatMap(({ tables }) => tables);

export type ProjectedLog = Readonly<{
  database: TestDatabase;
  /** Appends in one transaction and moves the high-water mark; answers the position of the last event. */
  append(told: readonly Told[]): Promise<bigint>;
  /** Folds what one batch of each projection takes; with `crash`, after which nothing of it may be left. */
  tick(options: { batchSize: number; crash?: boolean }): Promise<void>;
  /** Folds all that there is, into the first version or another one. */
  catchUp(batchSize: number, version?: number): Promise<void>;
  /** Every row of every read model, in its first version or another one. */
  dump(version?: number): Promise<Record<string, readonly unknown[]>>;
  /** Empties the read models and sets their checkpoints back to the beginning. */
  forget(): Promise<void>;
  close(): Promise<void>;
}>;

/** A log of its own with two tenants and the plans of `history.ts`, and the projections over it. */
export async function createProjectedLog(): Promise<ProjectedLog> {
  const database = await createTestDatabase();
  const { pool, adminPool } = database;
  const tracker = createHighWaterMarkTracker({ pool, logger, owner: 'test' });
  await adminPool.query('insert into hookledger.tenants (id, name) select id, id from unnest($1::text[]) id', [
    TENANTS,
  ]);

  async function append(told: readonly Told[]): Promise<bigint> {
    const position = await withTransaction(pool, { tenant: '*' }, async (tx) => {
      const events = told.map((item) => ({ ...item, eventId: randomUUID(), correlationId: randomUUID() }));
      const appended = await appendEvents(tx, events);
      for (const [index, { event }] of told.entries()) {
        const at = appended[index]?.position ?? 0n;
        if (event.type === 'PricePlanAssigned') {
          await foldPricePlanAssignment(tx, { position: at, occurredAt: new Date(event.occurredAt), data: event.data });
        }
        if (event.type === 'CostRateSet') await foldCostRate(tx, { position: at, data: event.data });
        if (event.type === 'PricePlanDefined') await foldPricePlan(tx, { position: at, data: event.data });
      }
      return appended.at(-1)?.position ?? 0n;
    });
    await tracker.tick();
    return position;
  }

  async function tickAll(batchSize: number, change: (projection: Projection) => Projection): Promise<boolean> {
    let hasMoved = false;
    for (const projection of PROJECTIONS) {
      const runner = createProjectionRunner({
        pool,
        projection: change(projection),
        logger,
        clock: systemClock,
        batchSize,
      });
      const outcome = await runner.tick().catch((error: unknown) => {
        if (error instanceof Crash) return { moved: false };
        throw error;
      });
      hasMoved ||= outcome.moved;
    }
    return hasMoved;
  }

  for (const data of PLANS) {
    const stream = { kind: 'price-plan' as const, mode: 'live' as const, externalId: data.planId };
    const event = { type: 'PricePlanDefined' as const, stream, occurredAt: '2026-10-01T00:00:00.000Z', data };
    await append([{ event, tenantId: 'unassigned', books: 'platform' }]);
  }

  return {
    database,
    append,
    tick: async ({ batchSize, crash }) => {
      await tickAll(batchSize, (projection) => (crash === true ? crashing(projection) : projection));
    },
    catchUp: async (batchSize, version = 1) => {
      while (await tickAll(batchSize, (projection) => projection.at(version)));
    },
    dump: async (version = 1) => {
      const tables: Record<string, readonly unknown[]> = {};
      for (const table of TABLES) {
        const { rows } = await adminPool.query(`select * from hookledger.${table}_v${version} t order by t::text`);
        tables[table] = rows;
      }
      return tables;
    },
    forget: async () => {
      await adminPool.query(`truncate ${TABLES.map((table) => `hookledger.${table}_v1`).join(', ')}`);
      await adminPool.query('update hookledger.projection_checkpoints set position = 0');
    },
    close: async () => {
      await tracker.close();
      await database.drop();
    },
  };
}

class Crash extends Error {}

function crashing(projection: Projection): Projection {
  return {
    ...projection,
    fold: async (tx, events) => {
      await projection.fold(tx, events);
      throw new Crash();
    },
  };
}
