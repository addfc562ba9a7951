import type { EventData } from '../domain/events.ts';
import { catalogue } from '../domain/events.ts';
import { routes } from '../domain/queues.ts';
import type { Books, Stream } from '../domain/stream.ts';
import { streamKey } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';

/** Work that is due later: `TimerFired` in the stream, once. */
export type Timer = Readonly<{
  /** Unique for each arming, by the caller's choice: under one key a timer fires once, for ever. */
  key: string;
  /** By the database's clock; to the millisecond. */
  due: Readonly<{ at: Date }> | Readonly<{ inMs: number }>;
  /** What is to be done then. */
  task: string;
  /** References and small values for whoever does it; nothing personal. */
  data: EventData<'TimerFired'>['data'];
  stream: Stream;
  /** Of a new stream; a stream that exists keeps its own. */
  tenantId: string;
  books: Books;
  sourceId?: string;
  /** The event that asked for it. */
  causationId?: string;
  correlationId: string;
}>;

/**
 * `armed`: it will fire. `exists`: its key is armed already, and that timer stays as it is. `fired`: its key has fired
 * before and never does again.
 */
export type ArmOutcome = 'armed' | 'exists' | 'fired';

/**
 * Arms timers in the caller's transaction; answers what became of each, in their order. Call it after inbox and effect
 * rows and before `appendEvents`; of both, first cancel, then arm. Safe to repeat: it answers `exists` or `fired` then.
 * Throws what pg throws, such as for data that it cannot keep.
 */
export async function armTimers(tx: Tx, timers: readonly Timer[]): Promise<readonly ArmOutcome[]> {
  if (timers.length === 0) return [];
  const { rows } = await tx.query<{ outcome: ArmOutcome }>(
    'select outcome from hookledger.arm_timers($1::json) order by timer',
    [JSON.stringify(timers.map((timer, index) => ({ timer: index, ...timerRow(timer) })))],
  );
  return rows.map(({ outcome }) => outcome);
}

function timerRow({ due, stream, ...timer }: Timer): Record<string, unknown> {
  return {
    key: timer.key,
    ...('at' in due ? { due_at: due.at.toISOString() } : { due_in_ms: due.inMs }),
    task: timer.task,
    data: timer.data,
    stream_key: streamKey(stream),
    stream_kind: stream.kind,
    provider: stream.provider,
    account: stream.account,
    external_id: stream.externalId,
    mode: stream.mode,
    tenant_id: timer.tenantId,
    books: timer.books,
    source_id: timer.sourceId,
    causation_id: timer.causationId,
    correlation_id: timer.correlationId,
  };
}

/**
 * Cancels timers in the caller's transaction; answers the keys that it cancelled: none of them fires, once this commits.
 * Any other key has fired, was cancelled before or was never armed; when it fires at this moment, that is waited for.
 * Call it before `appendEvents`. Safe to repeat.
 */
export async function cancelTimers(tx: Tx, keys: readonly string[]): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const { rows } = await tx.query<{ key: string }>('select key from hookledger.cancel_timers($1::text[]) key', [keys]);
  return rows.map(({ key }) => key);
}

/** `position`: of its event; undefined where its key had fired before, and nothing was appended. */
export type FiredTimer = Readonly<{ key: string; position: bigint | undefined }>;

/**
 * Fires what is due, at most `limit` timers in the order in which they are due: their events and their deletion, in the
 * caller's transaction, whose scope must be `*`. It takes the append lock: nothing may follow but the commit. Side by
 * side with others it is harmless.
 */
export async function fireDueTimers(tx: Tx, limit: number): Promise<readonly FiredTimer[]> {
  const { rows } = await tx.query<{ key: string; position: string | null }>({
    name: 'fire-due-timers',
    text: 'select key, position from hookledger.fire_due_timers($1::integer, $2::integer, $3::text[])',
    values: [limit, catalogue.TimerFired.version, routes.TimerFired.queues],
  });
  return rows.map(({ key, position }) => ({ key, position: position === null ? undefined : BigInt(position) }));
}

/** How long until the next timer is due by the database's clock, 0 or less when one is; undefined without any. */
export async function readNextDueMs(tx: Tx): Promise<number | undefined> {
  const { rows } = await tx.query<{ due_in_ms: number | null }>({
    name: 'next-due-timer',
    text: `select (extract(epoch from min(due_at) - clock_timestamp()) * 1000)::float8 as due_in_ms
      from hookledger.timers`,
  });
  return rows[0]?.due_in_ms ?? undefined;
}
