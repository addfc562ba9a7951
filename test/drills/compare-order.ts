import type { Pool } from '../../src/platform/postgres.ts';
import type { EffectsSoFar, OrderedEffect } from './effect-server.ts';
import type { Fault } from './fault.ts';
import { fault, readFault } from './fault.ts';

/**
 * The log (versions of a stream ascend with their positions) and the projections (a later transaction never writes a row
 * of a stream at a lower position than an earlier one did). age() of the writing transaction tells their order.
 */
export async function findReordered(pool: Pool): Promise<Fault> {
  const written = (table: string, key: string): string =>
    `select ${key}, position, lag(position) over (partition by ${key} order by age(xmin) desc, position) as before
     from hookledger.${table}`;
  return readFault(
    pool,
    'version of a stream seen after a later one',
    `select stream_key as example from (
       select stream_key, position, lag(position) over (partition by stream_key order by version) as before
       from hookledger.events
       union all ${written('payments_v1', 'stream_key')}
       union all ${written('invoices_v1', 'stream_key')}
       union all ${written('payment_lines_v1', 'stream_key')}
       union all ${written('usage_lines_v1', 'fact_key')}
     ) seen
     where position < before`,
  );
}

/** The handlers, by what they did outside. */
export async function findEffectsOutOfOrder(pool: Pool, { inOrder }: EffectsSoFar): Promise<Fault> {
  const { rows } = await pool.query<OrderedJob>(
    `select distinct o.queue, e.stream_key as stream, e.version::integer as version,
       extract(epoch from i.ended_at)::float8 * 1000 as "endedAt"
     from hookledger.outbox o
     join hookledger.events e on e.position = o.target_position
     left join hookledger.inbox i on i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
     where o.queue = any ($1::text[])`,
    [[...new Set(inOrder.map(({ queue }) => queue))]],
  );
  return fault('effect of a stream that did not come before those of its later versions', outOfOrder(rows, inOrder));
}

/** A job of a queue that is to be handled in the order of each stream; null where it has not ended. */
export type OrderedJob = Readonly<{ queue: string; stream: string; version: number; endedAt: number | null }>;

/** The outside reads its clock in whole milliseconds, PostgreSQL in less. */
const CLOCK_STEP_MS = 1;

/**
 * The jobs that were not over when a later version of their stream had its first effect: their own first effect came
 * after it, or they had not ended yet, without an effect too. Once a job has ended, an effect that is repeated under its
 * old name says nothing about the order: what the later handlers saw, they saw after it.
 */
export function outOfOrder(jobs: readonly OrderedJob[], effects: readonly OrderedEffect[]): readonly string[] {
  const nameOf = ({ queue, stream, version }: Omit<OrderedJob, 'endedAt'>): string =>
    `${stream} ${version} on ${queue}`;
  const firstEffects = new Map<string, number>();
  for (const effect of effects) {
    const name = nameOf(effect);
    if (!firstEffects.has(name)) firstEffects.set(name, effect.at);
  }
  const late: string[] = [];
  for (const stream of Map.groupBy(jobs, (job) => `${job.stream} on ${job.queue}`).values()) {
    let firstOfLater = Infinity;
    for (const job of stream.toSorted((a, b) => b.version - a.version)) {
      const own = firstEffects.get(nameOf(job));
      const over = Math.max(own ?? -Infinity, job.endedAt ?? Infinity);
      if (over > firstOfLater + CLOCK_STEP_MS) late.push(nameOf(job));
      firstOfLater = Math.min(firstOfLater, own ?? Infinity);
    }
  }
  return late;
}
