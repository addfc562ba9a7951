import type { NewEvent } from '../domain/envelope.ts';
import type { Books, Mode } from '../domain/stream.ts';
import type { Pool } from '../platform/postgres.ts';
import { newEventRow } from './event-row.ts';

export type WebhookRecord = Readonly<{
  id: string;
  sourceId: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  status: 'accepted' | 'unmapped' | 'quarantined';
  detail?: string;
  providerEventId?: string;
  providerType: string;
  method: string;
  url: string;
  /** Those that verifying again needs. */
  headers: Readonly<Record<string, readonly string[]>>;
  body: Buffer;
  receivedAt: Date;
  /** SHA-256 of (provider, account, mode, k). */
  dedupeKey: Buffer;
  /** SHA-256 of the provider's body less its volatile fields. */
  contentHash: Buffer;
  /** Set when k is a hash of the content: how long it tells duplicates. */
  contentWindowHours?: number;
  events: readonly NewEvent[];
}>;

export type WebhookOutcome = 'accepted' | 'unmapped' | 'unassigned' | 'quarantined' | 'duplicate' | 'conflict';

export type RecordedWebhook = Readonly<{ outcome: WebhookOutcome; webhookId: string }>;

/**
 * Records a batch in ONE transaction of its own: webhooks, dedupe keys, streams, events, outbox rows, all or none.
 * Answers in the order of the batch. Safe to repeat: what was written answers `duplicate`.
 * Throws what pg throws; see `classifyStoreError`.
 */
export async function recordWebhooks(pool: Pool, batch: readonly WebhookRecord[]): Promise<readonly RecordedWebhook[]> {
  let offset = 0;
  const webhooks = batch.map((webhook, index) => {
    const row = webhookRow(webhook, index, offset);
    offset += webhook.body.length;
    return row;
  });
  const events = batch.flatMap((webhook, index) => webhook.events.map((event) => newEventRow(event, index)));
  const { rows } = await pool.query<{ outcome: WebhookOutcome; webhook_id: string }>({
    name: 'record-webhooks',
    text: `select outcome, webhook_id from hookledger.record_webhooks($1::json, $2::json, $3::bytea) order by webhook`,
    values: [JSON.stringify(webhooks), JSON.stringify(events), Buffer.concat(batch.map(({ body }) => body))],
  });
  return rows.map((row) => ({ outcome: row.outcome, webhookId: row.webhook_id }));
}

function webhookRow(webhook: WebhookRecord, index: number, bodyOffset: number): Record<string, unknown> {
  return {
    webhook: index,
    id: webhook.id,
    source_id: webhook.sourceId,
    provider: webhook.provider,
    account: webhook.account,
    mode: webhook.mode,
    books: webhook.books,
    status: webhook.status,
    detail: webhook.detail,
    provider_event_id: webhook.providerEventId,
    provider_type: webhook.providerType,
    method: webhook.method,
    url: webhook.url,
    headers: webhook.headers,
    received_at: webhook.receivedAt.toISOString(),
    body_offset: bodyOffset,
    body_bytes: webhook.body.length,
    dedupe_key: `\\x${webhook.dedupeKey.toString('hex')}`,
    content_hash: `\\x${webhook.contentHash.toString('hex')}`,
    content_window: webhook.contentWindowHours === undefined ? undefined : `${webhook.contentWindowHours} hours`,
  };
}
