import type { Logger } from '../platform/logger.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { createWakeSignal } from '../platform/wake-signal.ts';
import type { Transport } from '../transports/transport.ts';
import { leaseShards, leaveRelays } from './lease-shards.ts';
import type { LeasedShards } from './lease-shards.ts';
import { buryRefused, moveCursors } from './move-cursors.ts';
import type { Lane } from './read-lanes.ts';
import { readAllLanesBehind, readNewLanesBehind } from './read-lanes.ts';
import type { OutboxMessage } from './read-outbox.ts';
import { readOutbox } from './read-outbox.ts';
import { shareBudget } from './share-budget.ts';

export type OutboxRelay = Readonly<{
  /**
   * One round: reads what is behind, publishes it, moves the cursors; while more rows wait, the cursors follow during
   * the next round's publishing. Answers how many rows were published.
   */
  tick(): Promise<number>;
  run(signal: AbortSignal): Promise<void>;
  wake(): void;
  /** The transport was switched: look at once where to publish to. Relays that are not told find out by their cursors. */
  follow(): void;
  close(): Promise<void>;
}>;

export type OutboxRelayDeps = Readonly<{
  pool: Pool;
  transport: Transport;
  /** The one in force, where an operator may switch it; `transport` for ever when left out. */
  transports?: (tx: Tx) => Promise<Readonly<{ inForce: Transport }>>;
  queues: readonly string[];
  logger: Logger;
  /** Unique per process: the name under which shards are leased. */
  owner: string;
  /** Rows a round and queue. */
  batchSize?: number;
  /** Jobs that a queue may hold before the relay waits: the backlog stays in PostgreSQL. */
  maxQueueDepth?: number;
  leaseSeconds?: number;
  /** Between publishing and moving the cursors: where a crash repeats a publication. */
  onPublished?: (messages: readonly OutboxMessage[]) => void | Promise<void>;
}>;

const SCOPE = { tenant: '*' };
const POLL_MS = 100;
const MAX_BACKOFF_MS = 5_000;

/** Publishes committed outbox rows, lane by lane, at least once: a row is published before its cursor moves. */
export function createOutboxRelay(deps: OutboxRelayDeps): OutboxRelay {
  const { pool, logger, owner, batchSize = 500, maxQueueDepth = 2_000, leaseSeconds = 10 } = deps;
  const signal = createWakeSignal();
  /** Ends a wait for a transport that does not answer. */
  const switched = createWakeSignal();
  /** Where to publish to under the tokens that are held. */
  let transport = deps.transport;
  /** Lanes with unpublished rows at or below `seen`, in the order of their last service. */
  const behind = new Map<string, Lane>();
  /** How far lanes are read whose cursors in the database have not followed yet. */
  const readTo = new Map<string, bigint>();
  let tokens = new Map<number, bigint>();
  let renewAt = 0;
  let seen: bigint | undefined;
  let nextRound: Promise<readonly OutboxMessage[]> | undefined;
  /** The cursors of the round that was published last, on their way. */
  let moving: Promise<void> | undefined;
  /** Grows when everything is forgotten: a round that was being read then is of another time. */
  let era = 0;
  let hasAnnounced = false;

  /** What another relay did meanwhile is unknown: look again from the start. */
  function forget(): void {
    era += 1;
    nextRound = undefined;
    behind.clear();
    readTo.clear();
    tokens = new Map();
    renewAt = 0;
    seen = undefined;
  }

  /** Waits for the cursors that are under way. @throws what moving them throws. */
  async function settle(): Promise<void> {
    const underWay = moving;
    moving = undefined;
    await underWay;
  }

  async function renewLease(): Promise<void> {
    if (performance.now() < renewAt) return;
    hasAnnounced = true;
    const { leased, inForce } = await withTransaction(pool, SCOPE, async (tx) => {
      const lease = await leaseShards(tx, owner, leaseSeconds);
      // After the tokens: a switch gives out new ones, so that who holds those sees the switch.
      return { leased: lease, inForce: (await deps.transports?.(tx))?.inForce ?? deps.transport };
    });
    const renewed = new Map(leased.leases.map(({ shard, token }) => [shard, token]));
    const isSame = renewed.size === tokens.size && [...renewed].every(([shard, token]) => tokens.get(shard) === token);
    if (!isSame) {
      await settle();
      forget();
    }
    tokens = renewed;
    transport = inForce;
    renewAt = performance.now() + untilRenewal(leased, leaseSeconds * 1_000);
  }

  async function queueBudgets(): Promise<ReadonlyMap<string, number>> {
    const queues = new Set([...behind.values()].map(({ queue }) => queue));
    const budgets = await Promise.all(
      [...queues].map(async (queue) => {
        const { waiting, active, delayed } = await transport.depth(queue);
        const room = maxQueueDepth - waiting - active - delayed;
        return [queue, Math.max(0, Math.min(batchSize, room))] as const;
      }),
    );
    return new Map(budgets);
  }

  /** The next rows of the lanes that are behind; from here on the lanes count as read that far. */
  async function readRound(): Promise<readonly OutboxMessage[]> {
    const reading = era;
    const shards = [...tokens.keys()];
    const after = seen;
    // The cursors of these lanes may move, and be forgotten here, between the database's answer and its arrival.
    const readBefore = new Map(readTo);
    const { mark, lanes } = await withTransaction(pool, SCOPE, (tx) =>
      after === undefined ? readAllLanesBehind(tx, shards) : readNewLanesBehind(tx, shards, after),
    );
    if (reading !== era) return [];
    seen = mark;
    for (const lane of lanes) {
      const key = laneKey(lane);
      // Of a lane whose last rows are still being published, the database has the cursor from before them.
      const cursor = readTo.get(key) ?? readBefore.get(key) ?? lane.cursor;
      if (!behind.has(key)) behind.set(key, { ...lane, cursor: cursor > lane.cursor ? cursor : lane.cursor });
    }
    if (behind.size === 0) return [];

    const quotas = shareBudget([...behind.values()], await queueBudgets());
    if (quotas.length === 0) return [];
    const messages = await withTransaction(pool, SCOPE, (tx) => readOutbox(tx, quotas, mark));
    if (reading !== era) return [];
    const counts = Map.groupBy(messages, ({ lane }) => lane);
    for (const { lane, limit } of quotas) {
      behind.delete(laneKey(lane));
      const rows = counts.get(lane) ?? [];
      const last = rows.at(-1);
      if (last !== undefined) readTo.set(laneKey(lane), last.position);
      // A full share means that there may be more; the lane goes to the end of the round.
      if (rows.length === limit && last !== undefined) behind.set(laneKey(lane), { ...lane, cursor: last.position });
    }
    return messages;
  }

  async function tick(): Promise<number> {
    try {
      await renewLease();
      if (tokens.size === 0) return 0;
      const round = nextRound ?? readRound();
      nextRound = undefined;
      const messages = await round;
      if (messages.length === 0) {
        await settle();
        return 0;
      }
      // While these are published, the next ones are read: a queue may exceed its depth by one round for it.
      if (behind.size > 0) {
        nextRound = readRound();
        // Whoever takes the round sees the failure; a round that is dropped meanwhile has nobody.
        nextRound.catch(() => undefined);
      }
      const publishing = era;
      const refused = await publish(messages);
      await deps.onPublished?.(messages);
      await settle();
      // The round before has lost its lease: these rows are the next owner's, who publishes them under the same keys.
      if (publishing !== era) return messages.length;
      moving = move(messages, refused);
      // Whoever settles sees the failure, here or in the next round.
      moving.catch(() => undefined);
      if (nextRound === undefined) await settle();
      return messages.length;
    } catch (error) {
      // A move that fails as well changes nothing: the cursors in the database say where to go on.
      await Promise.allSettled([moving]);
      moving = undefined;
      forget();
      throw error;
    }
  }

  async function move(messages: readonly OutboxMessage[], refused: Awaited<ReturnType<typeof publish>>): Promise<void> {
    const moves = [...lastPositions(messages)].map(([lane, position]) => ({
      lane,
      position,
      token: tokens.get(lane.shard) ?? -1n,
    }));
    const moved = await withTransaction(pool, SCOPE, async (tx) => {
      await buryRefused(tx, refused);
      return moves.length === 0 ? 0 : moveCursors(tx, moves);
    });
    if (moved === moves.length) {
      for (const { lane, position } of moves) {
        if (readTo.get(laneKey(lane)) === position) readTo.delete(laneKey(lane));
      }
      return;
    }
    logger.warn({ owner, moved, asked: moves.length }, 'relay lost its lease; another one publishes these lanes');
    forget();
  }

  async function publish(messages: readonly OutboxMessage[]) {
    const byQueue = Map.groupBy(messages, ({ message }) => message.queue);
    const refused = await Promise.all(
      [...byQueue].map(async ([queue, entries]) => {
        const answers = await transport.publish(
          queue,
          entries.map(({ message }) => message),
        );
        return entries.flatMap(({ message }, index) => {
          const answer = answers[index];
          if (answer === undefined) return [{ message, reason: 'the transport gave no answer for it' }];
          return answer.accepted ? [] : [{ message, reason: answer.reason }];
        });
      }),
    );
    for (const { message, reason } of refused.flat()) {
      logger.error(
        { eventId: message.eventId, queue: message.queue, reason },
        'transport refused a message; dead letter',
      );
    }
    return refused.flat();
  }

  return {
    tick,
    wake: signal.wake,
    follow() {
      renewAt = 0;
      signal.wake();
      switched.wake();
    },
    async run(abort) {
      let backoffMs = POLL_MS;
      while (!abort.aborted) {
        try {
          const published = await tick();
          backoffMs = POLL_MS;
          if (published > 0) continue;
          await signal.wait(POLL_MS, abort);
        } catch (error) {
          logger.warn({ err: error, backoffMs }, 'relay round failed; rows wait in the outbox');
          await switched.wait(backoffMs, abort);
          backoffMs = Math.min(backoffMs * 2, MAX_BACKOFF_MS);
        }
      }
    },
    async close() {
      await settle();
      if (hasAnnounced) await withTransaction(pool, SCOPE, (tx) => leaveRelays(tx, owner));
      forget();
    },
  };
}

/**
 * Half the lease's time; sooner while another relay is about to give shards up, and when the lease of another one
 * ends: a living one has renewed it by then, and a dead one's shards are free.
 */
function untilRenewal({ isSurplusElsewhere, othersEndInMs }: LeasedShards, leaseMs: number): number {
  return Math.min(leaseMs / (isSurplusElsewhere ? 20 : 2), othersEndInMs ?? Infinity);
}

function laneKey({ tenantId, queue }: Lane): string {
  return `${queue}/${tenantId}`;
}

function lastPositions(messages: readonly OutboxMessage[]): ReadonlyMap<Lane, bigint> {
  return new Map(messages.map(({ lane, position }) => [lane, position]));
}
