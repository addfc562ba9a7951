import { repeatJobs } from '../event-store/repeat-jobs.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { TransportUnavailableError } from '../transports/transport.ts';
import type { Transport } from '../transports/transport.ts';
import { stillUnsettled, sweepSpans } from './read-unsettled.ts';
import type { LaneSpan, UnsettledRow } from './read-unsettled.ts';
import { readMarkOf, readPublishedLanes, writeSettledLanes } from './settled-lanes.ts';
import type { TransportsInUse } from './transports-in-use.ts';

/** What one look found. */
export type Reconciliation = Readonly<{
  /** Published jobs of which nothing says that they have ended. */
  lookedAt: number;
  /** Of those, the ones that a transport holds and will deliver. */
  held: number;
  /** Of those, the ones that ended while they were looked at. */
  settled: number;
  /** Those that were lost, by queue: each is published again under its next generation. */
  republished: Readonly<Record<string, number>>;
  /** False when something was left for the next look: more rows than one reads, or those of a switch meanwhile. */
  isComplete: boolean;
}>;

export type Look = Readonly<{
  /** Also what was published a moment ago: the store may have been wiped, or is another one. */
  everything: boolean;
  by: string;
  reason: string;
  /** Tells what is lost and changes nothing. */
  dryRun?: boolean;
}>;

export type Reconciler = Readonly<{
  /** @throws TransportUnavailableError when the transport in force does not answer: then nothing is known. */
  look(look: Look): Promise<Reconciliation>;
  /** Writes down how far every job has ended, so that the next one need not look there. */
  remember(): Promise<void>;
}>;

export type ReconcilerDeps = Readonly<{
  pool: Pool;
  logger: Logger;
  transports: (tx: Tx) => Promise<TransportsInUse>;
  /** After so long a published job is worth a question; sooner it is most likely just being handled. */
  leaseSeconds?: Readonly<Record<string, number>>;
  /** Rows that one statement reads, and that one look reads at most. */
  sweepRows?: number;
  lookRows?: number;
}>;

const SCOPE = { tenant: '*' };
const LEASE_SECONDS = 15;
const SPANS_EACH = 500;
const REPEATED_EACH = 200;

/**
 * Finds jobs that were published and got lost: rows behind their lane's cursor whose job has not ended and that no
 * transport holds. A job leaves a store only after its end is committed, so the order of the questions decides: the
 * store first, then the inbox, in a statement that begins after the store has answered. What neither has is lost, and
 * is repeated under the next generation. Each row is read once; in memory stay those that have not ended.
 */
export function createReconciler(deps: ReconcilerDeps): Reconciler {
  const { pool, logger, leaseSeconds = {}, sweepRows = 10_000, lookRows = 50_000 } = deps;
  /** How far each lane was read. */
  const swept = new Map<string, LaneSpan>();
  /** What was read and had not ended, by key: as much as the queues hold, which are shallow. */
  const pending = new Map<string, UnsettledRow>();
  const remembered = new Map<string, bigint>();

  /** Reads what has been published since the last look; answers whether it got through. */
  async function sweep(everything: boolean): Promise<boolean> {
    const marks = new Map<number, bigint>();
    const lanes = await withTransaction(pool, SCOPE, async (tx) => {
      const read = await readPublishedLanes(tx);
      for (const seconds of new Set([LEASE_SECONDS, ...Object.values(leaseSeconds)])) {
        marks.set(seconds, await readMarkOf(tx, seconds));
      }
      return read;
    });
    let spans = lanes.flatMap(({ tenantId, queue, published, settled }): LaneSpan[] => {
      const after = max(settled, swept.get(laneKey({ tenantId, queue }))?.upTo ?? 0n);
      const ripe = marks.get(leaseSeconds[queue] ?? LEASE_SECONDS) ?? 0n;
      const upTo = everything ? published : min(published, ripe);
      return after < upTo ? [{ tenantId, queue, after, upTo }] : [];
    });
    for (let read = 0; spans.length > 0 && read < lookRows;) {
      const round = spans.slice(0, SPANS_EACH);
      const rowsEach = Math.ceil(sweepRows / round.length);
      const results = await withTransaction(pool, SCOPE, (tx) => sweepSpans(tx, round, rowsEach));
      for (const { span, read: rows, sweptTo, unsettled } of results) {
        // A lane costs a look-up even when nothing is in it.
        read += rows + 1;
        swept.set(laneKey(span), { ...span, upTo: sweptTo });
        for (const row of unsettled) pending.set(row.key, row);
      }
      const unfinished = results.flatMap(({ span, sweptTo }) =>
        sweptTo < span.upTo ? [{ ...span, after: sweptTo }] : [],
      );
      // To the end: one long lane must not keep the others from their turn.
      spans = [...spans.slice(SPANS_EACH), ...unfinished];
    }
    return spans.length === 0;
  }

  /** Drops from what is pending the jobs that have ended meanwhile. */
  async function settle(): Promise<void> {
    for (const chunk of chunksOf([...pending.values()], 1_000)) {
      const unsettled = await withTransaction(pool, SCOPE, (tx) => stillUnsettled(tx, chunk));
      forgetAll(chunk);
      for (const row of unsettled) pending.set(row.key, row);
    }
  }

  function forgetAll(rows: readonly UnsettledRow[]): void {
    for (const { key } of rows) pending.delete(key);
  }

  /** Those that no transport holds. @throws TransportUnavailableError of the one in force. */
  async function findUnheld({ inForce, former }: TransportsInUse): Promise<readonly UnsettledRow[]> {
    const byQueue = Map.groupBy(pending.values(), ({ queue }) => queue);
    const unheld = await Promise.all(
      [...byQueue].map(async ([queue, rows]) => {
        const held = await inForce.holds(queue, keysOf(rows));
        let left = rows.filter(({ key }) => !held.has(key));
        for (const transport of former) {
          if (left.length === 0) break;
          const heldThere = await holdsIfItAnswers(transport, queue, keysOf(left));
          left = left.filter(({ key }) => !heldThere.has(key));
        }
        return left;
      }),
    );
    return unheld.flat();
  }

  async function holdsIfItAnswers(
    transport: Transport,
    queue: string,
    keys: readonly string[],
  ): Promise<ReadonlySet<string>> {
    try {
      return await transport.holds(queue, keys);
    } catch (error) {
      if (!(error instanceof TransportUnavailableError)) throw error;
      logger.debug({ err: error, queue }, 'a transport that is no longer in force does not answer; it counts as empty');
      return new Set();
    }
  }

  async function look({ everything, by, reason, dryRun = false }: Look): Promise<Reconciliation> {
    const transports = await withTransaction(pool, SCOPE, deps.transports);
    await settle();
    let isComplete = await sweep(everything);
    const lookedAt = pending.size;
    const unheld = lookedAt === 0 ? [] : await findUnheld(transports);
    const republished: Record<string, number> = {};
    let settled = 0;
    for (const chunk of chunksOf(unheld, REPEATED_EACH)) {
      const lost = await withTransaction(pool, SCOPE, async (tx) => {
        if (!dryRun) await lockRepetition(tx);
        // What was published since a switch is on a transport that was not asked.
        if ((await deps.transports(tx)).epoch !== transports.epoch) return undefined;
        const rows = await stillUnsettled(tx, chunk);
        if (!dryRun) await repeatJobs(tx, { jobs: rows, type: 'JobRepublished', by, reason });
        return rows;
      });
      if (lost === undefined) {
        isComplete = false;
        break;
      }
      settled += chunk.length - lost.length;
      for (const { queue } of lost) republished[queue] = (republished[queue] ?? 0) + 1;
      // The rows that repeat them are read with the next ones.
      if (!dryRun) forgetAll(chunk);
    }
    return { lookedAt, held: lookedAt - unheld.length, settled, republished, isComplete };
  }

  return {
    look,
    async remember() {
      const firstPending = new Map<string, bigint>();
      for (const row of pending.values()) {
        const key = laneKey(row);
        firstPending.set(key, min(row.rowPosition, firstPending.get(key) ?? row.rowPosition));
      }
      const lanes = [...swept].flatMap(([key, { tenantId, queue, upTo }]) => {
        const first = firstPending.get(key);
        const position = first === undefined ? upTo : min(upTo, first - 1n);
        return position > (remembered.get(key) ?? 0n) ? [{ key, tenantId, queue, position }] : [];
      });
      await withTransaction(pool, SCOPE, (tx) => writeSettledLanes(tx, lanes));
      for (const { key, position } of lanes) remembered.set(key, position);
    },
  };
}

/** Two that look at once, a relay and a command: the second waits, and sees the first one's repetitions. */
async function lockRepetition(tx: Tx): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(7283, 3)');
}

function laneKey({ tenantId, queue }: Readonly<{ tenantId: string; queue: string }>): string {
  return `${queue}/${tenantId}`;
}

function keysOf(rows: readonly UnsettledRow[]): readonly string[] {
  return rows.map(({ key }) => key);
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function* chunksOf<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let from = 0; from < items.length; from += size) yield items.slice(from, from + size);
}
