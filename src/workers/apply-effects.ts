import type { RecordedEvent } from '../domain/envelope.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Effect } from './handler.ts';

/** Writes the effects in key order (one lock order for all who append). An effect that exists stays as it is. */
export async function applyEffects(tx: Tx, event: RecordedEvent, effects: readonly Effect[]): Promise<void> {
  if (effects.length === 0) return;
  await tx.query(
    `insert into hookledger.notifications (dedupe_key, tenant_id, kind, subject, data, event_id, position)
     select n.dedupe_key, $2::text, n.kind, n.subject, n.data, $3::uuid, $4::bigint
     from json_to_recordset($1::json) n (dedupe_key text, kind text, subject text, data jsonb)
     order by n.kind collate "C", n.dedupe_key collate "C"
     on conflict do nothing`,
    [
      JSON.stringify(
        effects.map(({ dedupeKey, notification, subject, data }) => ({
          dedupe_key: dedupeKey,
          kind: notification,
          subject,
          data,
        })),
      ),
      event.tenantId,
      event.eventId,
      String(event.position),
    ],
  );
}
