import type { NewEvent } from '../domain/envelope.ts';
import type { Tx } from '../platform/postgres.ts';
import { newEventRow } from './event-row.ts';

export type AppendedEvent = Readonly<{ eventId: string; position: bigint; tenantId: string }>;

/**
 * Appends events and their outbox rows inside the caller's transaction. Call it last, after inbox and effect rows:
 * it takes the append lock, and readers wait for whoever holds that. Not safe to repeat.
 */
export async function appendEvents(tx: Tx, events: readonly NewEvent[]): Promise<readonly AppendedEvent[]> {
  if (events.length === 0) return [];
  const { rows } = await tx.query<{ event_id: string; position: string; tenant_id: string }>(
    `select event_id, position, tenant_id from hookledger.append_events($1::json)`,
    [JSON.stringify(events.map((event) => newEventRow(event)))],
  );
  return rows.map((row) => ({ eventId: row.event_id, position: BigInt(row.position), tenantId: row.tenant_id }));
}
