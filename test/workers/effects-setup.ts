import { randomUUID } from 'node:crypto';
import type { OutboundAdapter } from '../../src/adapters/adapter.ts';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import type { EventRow } from '../../src/event-store/event-row.ts';
import { EVENT_COLUMNS, recordedEvent } from '../../src/event-store/event-row.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { messageKey } from '../../src/transports/message-key.ts';
import type { Message } from '../../src/transports/transport.ts';
import type { CallDeps, CallOutcome, WantedCall } from '../../src/workers/effect-log.ts';
import { performCall } from '../../src/workers/effect-log.ts';
import type { TestDatabase } from '../support/database.ts';
import { newEvent } from '../support/new-event.ts';
import type { OutsideServer } from '../support/outside-server.ts';

export const LEASE_MS = 60_000;
export const CALL_MS = 4 * LEASE_MS;

export type EffectRow = Readonly<Record<string, unknown>> & Readonly<{ key: string; state: string }>;

export type Rig = Readonly<{
  /** A job about a new event. */
  newJob(options?: { replayId?: string; call?: string }): Promise<Job>;
  attempt(job: Job, options?: AttemptOptions): Promise<CallOutcome>;
  /** The intents of an event, as they stand. */
  effects(job: Job): Promise<readonly EffectRow[]>;
  /** Lets so much time pass by the database's clock. */
  pass(job: Job, ms: number): Promise<void>;
  /** Its owner has been silent for so long that its lease is over, and whatever it has called for is done or never will be. */
  lapse(job: Job): Promise<void>;
  rows(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
}>;

export type Job = Readonly<{ message: Message; event: RecordedEvent }>;

export type AttemptOptions = Partial<Omit<CallDeps, 'pool' | 'adapters'>> &
  Readonly<{
    adapter?: OutboundAdapter;
    generation?: number;
    replayId?: string;
    call?: Partial<WantedCall>;
    signal?: AbortSignal;
  }>;

/** A worker's side of the effect log, on a database of its own, and somebody else's server. */
export function createEffectRig(database: TestDatabase, outside: OutsideServer): Rig {
  const rows: Rig['rows'] = async (sql, values = []) =>
    (await database.adminPool.query<Record<string, unknown>>(sql, [...values])).rows;
  const pass: Rig['pass'] = async ({ event }, ms) => {
    await rows(
      `update hookledger.intents
       set lease_until = lease_until - $2::integer * interval '1 ms', called_at = called_at - $2::integer * interval '1 ms'
       where event_id = $1`,
      [event.eventId, ms],
    );
  };
  const logger = createLogger({ level: 'silent' });
  return {
    rows,
    newJob: async ({ replayId = 'live', call = randomUUID() } = {}) => {
      const item = newEvent({ call });
      await withTransaction(database.pool, { tenant: '*' }, (tx) => appendEvents(tx, [item]));
      const found = await database.adminPool.query<EventRow>(
        `select ${EVENT_COLUMNS} from hookledger.events e where e.event_id = $1`,
        [item.eventId],
      );
      const [row] = found.rows;
      if (row === undefined) throw new Error(`The event ${item.eventId} is not there.`);
      const event = recordedEvent(row);
      return { event, message: messageOf(event, { replayId, generation: 0 }) };
    },
    attempt: ({ message, event }, options = {}) => {
      const { adapter, generation, replayId, call, signal, ...deps } = options;
      const wanted = { step: 'send', adapter: 'outside', request: { to: 'somebody' }, ...call };
      const job = messageOf(event, {
        generation: generation ?? message.generation,
        replayId: replayId ?? message.replayId,
      });
      return performCall(
        {
          pool: database.pool,
          adapters: [adapter ?? outside.adapter('idempotent')],
          owner: 'test',
          now: () => new Date(),
          leaseMs: LEASE_MS,
          callMs: CALL_MS,
          logger,
          ...deps,
        },
        job,
        event,
        wanted,
        signal ?? new AbortController().signal,
      );
    },
    effects: async ({ event }) =>
      (await rows('select * from hookledger.intents where event_id = $1 order by created_at', [
        event.eventId,
      ])) as EffectRow[],
    pass,
    lapse: (job) => pass(job, CALL_MS + 2 * LEASE_MS),
  };
}

function messageOf(event: RecordedEvent, job: { replayId: string; generation: number }): Message {
  const named = { eventId: event.eventId, queue: 'integration-tasks', ...job };
  return {
    ...named,
    key: messageKey(named),
    tenantId: event.tenantId,
    eventType: event.type,
    position: String(event.position),
  };
}
