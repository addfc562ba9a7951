import type { Tx } from '../../platform/postgres.ts';

export type ListedConflict = Readonly<{
  /** The webhook that came later, with another body under the same key. */
  webhookId: string;
  firstWebhookId: string;
  provider: string | null;
  providerType: string | null;
  providerEventId: string | null;
  recordedAt: Date;
  /** Position of the event that resolved it; null while it is open. */
  resolvedPosition: string | null;
}>;

/** Newest first; the open ones only unless `all`. */
export async function listConflicts(
  tx: Tx,
  { all, limit }: { all: boolean; limit: number },
): Promise<readonly ListedConflict[]> {
  const { rows } = await tx.query<ListedConflict>(
    `select c.webhook_id as "webhookId", c.first_webhook_id as "firstWebhookId", w.provider,
       w.provider_type as "providerType", w.provider_event_id as "providerEventId", c.recorded_at as "recordedAt",
       c.resolved_position as "resolvedPosition"
     from hookledger.conflicts c
     left join hookledger.webhooks w on w.id = c.webhook_id
     where $1::boolean or c.resolved_position is null
     order by c.recorded_at desc, c.webhook_id
     limit $2::integer`,
    [all, limit],
  );
  return rows;
}
