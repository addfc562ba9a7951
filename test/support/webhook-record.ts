import { createHash, randomUUID } from 'node:crypto';
import type { DomainEvent } from '../../src/domain/events.ts';
import type { WebhookRecord } from '../../src/event-store/record-webhooks.ts';
import { UNASSIGNED } from '../../src/domain/envelope.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest();

/** A verified webhook ready to be recorded, with one event in each of the named calls. */
export function webhookRecord(options: {
  key: string;
  content?: string;
  calls?: readonly string[];
  events?: readonly DomainEvent[];
  tenantId?: string;
  status?: WebhookRecord['status'];
  contentWindowHours?: number;
}): WebhookRecord {
  const id = randomUUID();
  const content = options.content ?? options.key;
  const events: readonly DomainEvent[] =
    options.events ??
    (options.calls ?? []).map((call) => ({
      type: 'CallStarted' as const,
      stream: { kind: 'call' as const, provider: 'retell', account: 'org_1', mode: 'test' as const, externalId: call },
      occurredAt: '2026-11-02T09:00:00.000Z',
      data: {},
    }));
  return {
    id,
    sourceId: 'src_test',
    provider: 'retell',
    account: 'org_1',
    mode: 'test',
    books: 'platform',
    status: options.status ?? 'accepted',
    providerEventId: options.key,
    providerType: 'call_started',
    method: 'POST',
    url: '/webhooks/retell/src_test',
    headers: { 'x-retell-signature': ['v=1,d=2'] },
    body: Buffer.from(content),
    receivedAt: new Date('2026-11-02T09:00:01.000Z'),
    dedupeKey: sha256(options.key),
    contentHash: sha256(content),
    ...(options.contentWindowHours === undefined ? {} : { contentWindowHours: options.contentWindowHours }),
    events: events.map((event) => ({
      eventId: randomUUID(),
      event,
      tenantId: options.tenantId ?? UNASSIGNED,
      books: 'platform',
      sourceId: 'src_test',
      webhookId: id,
      correlationId: id,
    })),
  };
}
