import type { Tx } from '../platform/postgres.ts';

export const WEBHOOK_STATUSES = ['accepted', 'unmapped', 'unassigned', 'quarantined', 'conflict'] as const;
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

/** What every reader may see of a recorded webhook: no body, no header, no URL. */
export type WebhookRow = Readonly<{
  id: string;
  position: string;
  sourceId: string;
  provider: string;
  account: string;
  mode: string;
  books: string;
  tenantId: string;
  tenantName: string;
  status: WebhookStatus;
  /** Why it is unmapped or quarantined. */
  detail: string | null;
  providerEventId: string | null;
  providerType: string | null;
  receivedAt: Date;
  recordedAt: Date;
}>;

const COLUMNS = `w.id, w.position, w.source_id as "sourceId", w.provider, w.account, w.mode, w.books,
  w.tenant_id as "tenantId", coalesce(t.name, w.tenant_id) as "tenantName", w.status, w.detail, w.provider_event_id as "providerEventId",
  w.provider_type as "providerType", w.received_at as "receivedAt", w.recorded_at as "recordedAt"`;

/** One that is left out does not filter. */
export type WebhookFilter = Readonly<{
  statuses?: readonly WebhookStatus[] | undefined;
  providers?: readonly string[] | undefined;
  /** The provider's own names. */
  types?: readonly string[] | undefined;
  tenantIds?: readonly string[] | undefined;
  receivedFrom?: Date | undefined;
  receivedTo?: Date | undefined;
}>;

/** Newest first, from below position `before` on. */
export async function listWebhooks(
  tx: Tx,
  { before, limit, ...filter }: WebhookFilter & Readonly<{ before?: string | undefined; limit: number }>,
): Promise<readonly WebhookRow[]> {
  const { rows } = await tx.query<WebhookRow>(
    `select ${COLUMNS} from hookledger.webhooks w left join hookledger.tenants t on t.id = w.tenant_id
     where ($1::bigint is null or w.position < $1::bigint)
       and ($3::text[] is null or w.status = any ($3::text[]))
       and ($4::text[] is null or w.provider = any ($4::text[]))
       and ($5::text[] is null or w.provider_type = any ($5::text[]))
       and ($6::text[] is null or w.tenant_id = any ($6::text[]))
       and ($7::timestamptz is null or w.received_at >= $7::timestamptz)
       and ($8::timestamptz is null or w.received_at < $8::timestamptz)
     order by w.position desc limit $2::integer`,
    [
      before ?? null,
      limit,
      filter.statuses ?? null,
      filter.providers ?? null,
      filter.types ?? null,
      filter.tenantIds ?? null,
      filter.receivedFrom ?? null,
      filter.receivedTo ?? null,
    ],
  );
  return rows;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** By our id or the provider's own id of its event; of several under one provider's id, the first that counted. */
export async function findWebhook(tx: Tx, id: string): Promise<WebhookRow | undefined> {
  const { rows } = await tx.query<WebhookRow>(
    `select ${COLUMNS} from hookledger.webhooks w left join hookledger.tenants t on t.id = w.tenant_id
     where w.id = $1::uuid or w.provider_event_id = $2::text
     order by (w.status = 'conflict'), w.position limit 1`,
    [UUID.test(id) ? id : null, id],
  );
  return rows[0];
}

export type WebhookRequest = Readonly<{
  method: string;
  url: string;
  headerNames: readonly string[];
  bodyBytes: number;
  /** Since then there are neither body nor headers any more, nor the query of the URL. */
  bodyErasedAt: Date | null;
  /** The raw bytes, only where asked for; null where they are erased. */
  body: Buffer | null;
}>;

/** The request as it came in. Not for a tenant's reader: its role has no right to these columns. */
export async function readWebhookRequest(
  tx: Tx,
  position: string,
  { withBody }: { withBody: boolean },
): Promise<WebhookRequest | undefined> {
  const { rows } = await tx.query<WebhookRequest>(
    `select method, url, array(select jsonb_object_keys(headers) order by 1) as "headerNames",
       octet_length(body) as "bodyBytes", body_erased_at as "bodyErasedAt",
       case when $2::boolean and body_erased_at is null then body end as body
     from hookledger.webhooks where position = $1::bigint`,
    [position, withBody],
  );
  return rows[0];
}

/** Later deliveries of the same webhook. Not for a tenant's reader. */
export async function countDuplicates(tx: Tx, webhookId: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*)::integer as count from hookledger.webhook_duplicates where webhook_id = $1::uuid`,
    [webhookId],
  );
  return rows[0]?.count ?? 0;
}

export type WebhookConflict = Readonly<{
  /** The webhook with the same key and another body. */
  webhookId: string;
  firstWebhookId: string;
  recordedAt: Date;
  resolvedPosition: string | null;
}>;

/** Conflicts on either side of which the webhook stands. Not for a tenant's reader. */
export async function listConflicts(tx: Tx, webhookId: string): Promise<readonly WebhookConflict[]> {
  const { rows } = await tx.query<WebhookConflict>(
    `select webhook_id as "webhookId", first_webhook_id as "firstWebhookId", recorded_at as "recordedAt",
       resolved_position as "resolvedPosition"
     from hookledger.conflicts where webhook_id = $1::uuid or first_webhook_id = $1::uuid
     order by recorded_at, webhook_id`,
    [webhookId],
  );
  return rows;
}
