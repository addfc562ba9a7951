/** One worker of a rebuild, in a thread of its own; see `foldInThreads`. */
import { parentPort, workerData } from 'node:worker_threads';
import { createLogger } from '../platform/logger.ts';
import { withTransaction } from '../platform/postgres.ts';
import { projectionNamed, PROJECTIONS } from '../projections/all-projections.ts';
import { foldRange } from './fold-range.ts';
import type { RebuildPart } from './fold-range.ts';
import { readBroadcast } from './read-broadcast.ts';
import { createRebuildPool } from './rebuild-pool.ts';

export type ThreadOrder = Readonly<{
  databaseUrl: string;
  name: string;
  version: number;
  foldVersion: number;
  epoch: number;
  target: string;
  part: RebuildPart;
  rate: number | undefined;
}>;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- given by `foldInThreads`, of this type
const order = workerData as ThreadOrder;
const stop = new AbortController();
parentPort?.once('message', () => stop.abort());
const pool = createRebuildPool(order.databaseUrl, createLogger({ level: 'silent' }));
try {
  const projection = projectionNamed(PROJECTIONS, order.name, order.foldVersion).at(order.version);
  const target = BigInt(order.target);
  const broadcast = await withTransaction(pool, { tenant: '*' }, (tx) => readBroadcast(tx, projection, target));
  await foldRange(
    { pool, projection, epoch: order.epoch, target, broadcast, rate: order.rate, signal: stop.signal },
    order.part,
  );
} finally {
  await pool.end();
  parentPort?.close();
}
