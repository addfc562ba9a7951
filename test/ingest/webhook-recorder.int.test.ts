import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { StoreUnavailableError } from '../../src/event-store/store-errors.ts';
import type { WebhookRecord } from '../../src/event-store/record-webhooks.ts';
import { createWebhookRecorder } from '../../src/ingest/webhook-recorder.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const logger = createLogger({ level: 'silent' });
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** JSON as it stands in the body; in Node since 21, not yet in TypeScript's libraries. */
function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

/** An event whose data PostgreSQL refuses. */
function poisoned(key: string, data: Record<string, unknown>): WebhookRecord {
  const good = webhookRecord({ key, calls: [key] });
  return {
    ...good,
    events: good.events.map((item) => ({ ...item, event: { ...item.event, data } as typeof item.event })),
  };
}

const refusedInsteadOf = (webhook: WebhookRecord): WebhookRecord => ({
  ...webhookRecord({ key: webhook.providerEventId ?? '', status: 'unmapped' }),
  dedupeKey: webhook.dedupeKey,
  contentHash: webhook.contentHash,
});

describe('the webhook recorder', () => {
  test('poisoned members harm nobody else: they are kept raw, their neighbours as if alone', async () => {
    const recorder = createWebhookRecorder({ pool: database.pool, logger, onRecorded: () => undefined });
    const poisons = [
      poisoned('nul', { agentId: 'a\u0000b' }),
      poisoned('surrogate', { agentId: '\ud800' }),
      poisoned('huge', { durationMs: rawJson('1e400000') }),
    ];
    const neighbours = Array.from({ length: 30 }, (_, index) =>
      webhookRecord({ key: `near-${index}`, calls: [`near-${index}`] }),
    );
    const batch = [...neighbours.slice(0, 10), ...poisons, ...neighbours.slice(10)];
    const answers = await Promise.all(
      batch.map((webhook) => recorder.record(webhook, () => refusedInsteadOf(webhook))),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(
      batch.map((webhook) => (poisons.includes(webhook) ? 'unmapped' : 'unassigned')),
    );
    const { rows } = await database.adminPool.query<{ count: string }>(
      `select count(*) from hookledger.webhooks where status = 'unmapped'`,
    );
    expect(rows[0]?.count).toBe(String(poisons.length));
    const again = await Promise.all(
      poisons.map((webhook) => recorder.record(webhook, () => refusedInsteadOf(webhook))),
    );
    expect(again.map(({ outcome }) => outcome)).toEqual(poisons.map(() => 'duplicate'));
  });

  test('throws StoreUnavailableError when PostgreSQL does not answer', async () => {
    const pool = createPool({
      url: 'postgres://nobody@127.0.0.1:1/nothing',
      applicationName: 'unreachable',
      max: 1,
      statementTimeoutMs: 1_000,
      idleInTransactionTimeoutMs: 1_000,
      connectTimeoutMs: 1_000,
      logger,
    });
    const recorder = createWebhookRecorder({ pool, logger, onRecorded: () => undefined });
    const webhook = webhookRecord({ key: 'down', calls: ['down'] });
    await expect(recorder.record(webhook, () => webhook)).rejects.toBeInstanceOf(StoreUnavailableError);
    await pool.end();
  });
});
