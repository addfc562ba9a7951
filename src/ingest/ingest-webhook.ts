import { hash } from 'node:crypto';
import type { NewEvent } from '../domain/envelope.ts';
import { UNASSIGNED } from '../domain/envelope.ts';
import { catalogue } from '../domain/events.ts';
import type { WebhookOutcome, WebhookRecord } from '../event-store/record-webhooks.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Source } from '../tenants/source.ts';
import type {
  EventAccounts,
  IncomingRequest,
  Normalised,
  Provider,
  ProviderAnswer,
  SignatureFault,
  UnmappedReason,
} from './provider.ts';
import type { RejectionLog } from './rejection-log.ts';
import type { WebhookRecorder } from './webhook-recorder.ts';

export type IngestResult =
  | Readonly<{ kind: 'recorded'; outcome: WebhookOutcome; webhookId: string; answer?: ProviderAnswer }>
  | Readonly<{ kind: 'rejected'; cause: 'unknown-source' | SignatureFault }>;

export type IngestDeps = Readonly<{
  providers: readonly Provider[];
  sources: Readonly<{ find(id: string): Promise<Source | undefined> }>;
  tenants: Readonly<{
    resolve(thing: {
      provider: string;
      account: string;
      externalIds: readonly string[];
      at: Date;
    }): Promise<string | undefined>;
  }>;
  recorder: WebhookRecorder;
  rejections: RejectionLog;
  clock: Clock;
  newId: () => string;
  logger: Logger;
}>;

export type IngestWebhook = (
  request: IncomingRequest,
  address: { provider: string; sourceId: string },
) => Promise<IngestResult>;

/** How long a hash of the content tells duplicates, where the provider gives no id and no natural key. */
const CONTENT_WINDOW_HOURS = 24;

/**
 * Verifies one webhook and records it durably: when it returns `recorded`, the transaction has committed.
 * Whatever a verified webhook holds is kept; only a signature fault or an unknown source is rejected, and recorded as
 * a rejection. Safe to repeat: the second time is a `duplicate`.
 * @throws StoreUnavailableError when PostgreSQL did not confirm; nothing may be acknowledged then.
 */
export function createIngestWebhook(deps: IngestDeps): IngestWebhook {
  const providers = new Map(deps.providers.map((provider) => [provider.name, provider]));

  return async (request, address) => {
    const provider = providers.get(address.provider);
    const source = provider === undefined ? undefined : await deps.sources.find(address.sourceId);
    if (provider === undefined || source === undefined || source.provider !== provider.name) {
      deps.rejections.record({ request, address, cause: 'unknown-source' });
      return { kind: 'rejected', cause: 'unknown-source' };
    }
    const verification = provider.verify(request, source, deps.clock.now());
    if (!verification.verified) {
      const { cause, detail } = verification;
      deps.rejections.record({ request, address, cause, ...(detail === undefined ? {} : { detail }) });
      return { kind: 'rejected', cause: verification.cause };
    }
    const normalised = normaliseSafely(deps, provider, request, source, verification);
    const tenantIds = await resolveTenants(deps, normalised, source, request.receivedAt);
    const headers = headersToVerifyAgain(request, provider.signedHeaders?.(source) ?? []);
    const record = webhookRecord(deps, { ...request, headers }, source, normalised, tenantIds);
    const { outcome, webhookId } = await deps.recorder.record(record, () =>
      refusedRecord(deps, record, { ...request, headers }, source, tenantIds),
    );
    const { answer } = normalised;
    return { kind: 'recorded', outcome, webhookId, ...(answer === undefined ? {} : { answer }) };
  };
}

/** The tenant of each event, in their order. */
async function resolveTenants(
  { tenants }: IngestDeps,
  { events, eventAccounts, accountIds, startedAt }: Normalised,
  { provider, account, defaultTenantId }: Source,
  receivedAt: Date,
): Promise<readonly string[]> {
  const resolve = async (of: EventAccounts): Promise<string> => {
    const at = of.startedAt ?? receivedAt;
    const tenantId = await tenants.resolve({ provider, account, externalIds: of.accountIds, at });
    return tenantId ?? defaultTenantId ?? UNASSIGNED;
  };
  if (eventAccounts !== undefined) return Promise.all(eventAccounts.map(resolve));
  const tenantId = await resolve({ accountIds, ...(startedAt === undefined ? {} : { startedAt }) });
  return events.map(() => tenantId);
}

/** A mapping that throws, or that makes events that their own schemas refuse, must not lose the webhook. */
function normaliseSafely(
  deps: IngestDeps,
  provider: Provider,
  request: IncomingRequest,
  source: Source,
  verification: { signedAt?: Date },
): Normalised {
  try {
    const normalised = provider.normalise(request, source, verification);
    for (const { type, data, occurredAt } of normalised.events) {
      catalogue[type].data.parse(data);
      // An unreadable time would otherwise surface as a refusal of the whole batch.
      if (Number.isNaN(Date.parse(occurredAt))) throw new RangeError(`${type} has no readable time.`);
    }
    return normalised;
  } catch (error) {
    deps.logger.warn({ err: error, provider: provider.name, sourceId: source.id }, 'mapping failed; webhook kept raw');
    return rawOnly(request, source, 'mapping-failed');
  }
}

/** Nothing but what is certain: bytes came in and were signed. */
function rawOnly(request: IncomingRequest, source: Source, reason: UnmappedReason): Normalised {
  const externalId = hash('sha256', request.body, 'hex');
  return {
    providerType: 'unreadable',
    content: request.body,
    accountIds: [],
    status: 'unmapped',
    detail: reason,
    events: [
      {
        type: 'ProviderEventReceived',
        stream: {
          kind: 'provider-object',
          provider: source.provider,
          account: source.account,
          mode: source.mode,
          externalId,
        },
        occurredAt: request.receivedAt.toISOString(),
        data: { providerType: 'unreadable', reason },
      },
    ],
  };
}

function webhookRecord(
  deps: IngestDeps,
  request: IncomingRequest,
  source: Source,
  normalised: Normalised,
  tenantIds: readonly string[],
): WebhookRecord {
  const id = deps.newId();
  const contentHash = hash('sha256', normalised.content, 'buffer');
  const { dedupeKey } = normalised;
  // Tagged and JSON-encoded: no key can equal another one's by moving a separator.
  const key = [source.provider, source.account, source.mode, dedupeKey ?? contentHash.toString('hex')];
  const books = normalised.books ?? source.books;
  return {
    id,
    sourceId: source.id,
    provider: source.provider,
    account: source.account,
    mode: source.mode,
    books,
    status: normalised.status,
    ...(normalised.detail === undefined ? {} : { detail: normalised.detail }),
    ...(normalised.providerEventId === undefined ? {} : { providerEventId: normalised.providerEventId }),
    providerType: normalised.providerType,
    method: request.method,
    url: request.url,
    headers: request.headers,
    body: request.body,
    receivedAt: request.receivedAt,
    dedupeKey: hash('sha256', JSON.stringify([dedupeKey === undefined ? 'content' : 'key', ...key]), 'buffer'),
    contentHash,
    ...(dedupeKey === undefined ? { contentWindowHours: CONTENT_WINDOW_HOURS } : {}),
    events: normalised.events.map((event, index): NewEvent => ({
      eventId: deps.newId(),
      event,
      tenantId: tenantIds[index] ?? UNASSIGNED,
      books,
      sourceId: source.id,
      webhookId: id,
      correlationId: id,
    })),
  };
}

/** PostgreSQL refused the data: keep the raw bytes under the same dedupe key, and say so. */
function refusedRecord(
  deps: IngestDeps,
  refused: WebhookRecord,
  request: IncomingRequest,
  source: Source,
  tenantIds: readonly string[],
): WebhookRecord {
  const raw = webhookRecord(deps, request, source, rawOnly(request, source, 'refused-by-database'), tenantIds);
  const { contentWindowHours: _, ...kept } = raw;
  return {
    ...kept,
    dedupeKey: refused.dedupeKey,
    contentHash: refused.contentHash,
    ...(refused.contentWindowHours === undefined ? {} : { contentWindowHours: refused.contentWindowHours }),
    url: encodeURI(refused.url.toWellFormed()),
  };
}

const NEEDED_HEADERS = /signature|timestamp|webhook|svix|idempotency|retell|content-type|user-agent/;
const SECRET_HEADERS = /authorization|cookie/;

/** A header that the signature is in, or covers, is no secret of its own, whatever its name. */
function headersToVerifyAgain(
  request: IncomingRequest,
  signed: readonly string[],
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(request.headers).filter(
      ([name]) => signed.includes(name) || (NEEDED_HEADERS.test(name) && !SECRET_HEADERS.test(name)),
    ),
  );
}
