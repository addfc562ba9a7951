import type { Mode } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';

/** Not for a tenant's reader. */
export type ListedConflict = Readonly<{
  /** Of the webhook that came later, with another body under the same key. */
  position: string;
  webhookId: string;
  firstWebhookId: string;
  provider: string;
  account: string;
  mode: Mode;
  providerType: string | null;
  providerEventId: string | null;
  recordedAt: Date;
  /** Position of the event that resolved it; null while it is open. */
  resolvedPosition: string | null;
}>;

const SELECT = `select w.position, c.webhook_id as "webhookId", c.first_webhook_id as "firstWebhookId", w.provider,
    w.account, w.mode, w.provider_type as "providerType", w.provider_event_id as "providerEventId",
    c.recorded_at as "recordedAt", c.resolved_position as "resolvedPosition"
  from hookledger.conflicts c join hookledger.webhooks w on w.id = c.webhook_id`;

/** Newest first, from below position `before` on; the open ones only unless `all`. */
export async function listConflicts(
  tx: Tx,
  request: Readonly<{
    all: boolean;
    limit: number;
    before?: string | undefined;
    providers?: readonly string[] | undefined;
  }>,
): Promise<readonly ListedConflict[]> {
  const { rows } = await tx.query<ListedConflict>(
    `${SELECT}
     where ($1::boolean or c.resolved_position is null)
       and ($3::bigint is null or w.position < $3::bigint)
       and ($4::text[] is null or w.provider = any ($4::text[]))
     order by w.position desc limit $2::integer`,
    [request.all, request.limit, request.before ?? null, request.providers ?? null],
  );
  return rows;
}

export type ConflictingBody = Readonly<{
  webhookId: string;
  tenantId: string;
  receivedAt: Date;
  contentType: string | null;
  bodyBytes: number;
  /** Since then there is no body any more. */
  bodyErasedAt: Date | null;
  /** Only where asked for; null where it is erased. */
  body: Buffer | null;
}>;

export type ConflictDecision = Readonly<{
  eventId: string;
  position: string;
  keptWebhookId: string;
  reason: string;
  by: string;
  decidedAt: Date;
}>;

export type ConflictDetails = Readonly<{
  conflict: ListedConflict;
  first: ConflictingBody;
  second: ConflictingBody;
  decision: ConflictDecision | undefined;
}>;

/** By the id of the later webhook; undefined when there is no such conflict. Not for a tenant's reader. */
export async function readConflict(
  tx: Tx,
  webhookId: string,
  { withBodies }: { withBodies: boolean },
): Promise<ConflictDetails | undefined> {
  const { rows } = await tx.query<ListedConflict>(`${SELECT} where c.webhook_id = $1::uuid`, [webhookId]);
  const [conflict] = rows;
  if (conflict === undefined) return undefined;
  const first = await readBody(tx, conflict.firstWebhookId, withBodies);
  const second = await readBody(tx, conflict.webhookId, withBodies);
  if (first === undefined || second === undefined) return undefined;
  const { resolvedPosition } = conflict;
  const decision = resolvedPosition === null ? undefined : await readDecision(tx, resolvedPosition);
  return { conflict, first, second, decision };
}

async function readBody(tx: Tx, webhookId: string, withBody: boolean): Promise<ConflictingBody | undefined> {
  const { rows } = await tx.query<ConflictingBody>(
    `select id as "webhookId", tenant_id as "tenantId", received_at as "receivedAt",
       headers -> 'content-type' ->> 0 as "contentType", octet_length(body) as "bodyBytes",
       body_erased_at as "bodyErasedAt", case when $2::boolean and body_erased_at is null then body end as body
     from hookledger.webhooks where id = $1::uuid`,
    [webhookId, withBody],
  );
  return rows[0];
}

async function readDecision(tx: Tx, position: string): Promise<ConflictDecision | undefined> {
  const { rows } = await tx.query<ConflictDecision>(
    `select event_id as "eventId", position, data ->> 'keptWebhookId' as "keptWebhookId", data ->> 'reason' as reason,
       data ->> 'by' as by, recorded_at as "decidedAt"
     from hookledger.events where position = $1::bigint and type = 'ConflictResolved'`,
    [position],
  );
  return rows[0];
}
