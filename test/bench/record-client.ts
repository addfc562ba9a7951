/**
 * Records webhooks at a steady pace until it is told to end, each with an event for two queues; prints a line when the
 * first batch is committed.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { WebhookRecord } from '../../src/event-store/record-webhooks.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPool } from '../../src/platform/postgres.ts';
import { webhookRecord } from '../support/webhook-record.ts';

export type RecordPlan = Readonly<{ appUrl: string; tenantIds: readonly string[]; outboxRowsPerSecond: number }>;

const ROWS_PER_WEBHOOK = 2;
const INTERVAL_MS = 50;

const plan = JSON.parse(process.argv[2] ?? '{}') as RecordPlan;
const batchSize = Math.round((plan.outboxRowsPerSecond / ROWS_PER_WEBHOOK / 1_000) * INTERVAL_MS);
const pool = createPool({
  url: plan.appUrl,
  applicationName: 'bench',
  max: 4,
  statementTimeoutMs: 30_000,
  idleInTransactionTimeoutMs: 5_000,
  logger: createLogger({ level: 'warn' }),
});
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

await recordWebhooks(pool, batch());
process.stdout.write('recording\n');
const startedAt = performance.now();
const underWay = new Set<Promise<unknown>>();
for (let round = 1; !stop.signal.aborted; round += 1) {
  const early = startedAt + round * INTERVAL_MS - performance.now();
  // Rejects when it is time to end.
  if (early > 0) await pause(early, undefined, { signal: stop.signal }).catch(() => undefined);
  const recording = recordWebhooks(pool, batch()).finally(() => underWay.delete(recording));
  underWay.add(recording);
  // By the clock, but not without bound: a database that cannot keep up is asked for no more than it has connections.
  if (underWay.size >= 4) await Promise.race(underWay);
}
await Promise.all(underWay);
await pool.end();

function batch(): readonly WebhookRecord[] {
  return Array.from({ length: batchSize }, () => {
    const key = randomUUID();
    const tenantId = plan.tenantIds[Math.floor(Math.random() * plan.tenantIds.length)] ?? '';
    return webhookRecord({
      key,
      tenantId,
      content: `${'x'.repeat(700)}${key}`,
      events: [
        {
          type: 'CallEnded',
          stream: { kind: 'call', provider: 'retell', account: 'org_1', mode: 'test', externalId: key },
          occurredAt: '2026-11-02T09:00:00.000Z',
          data: { status: 'ended', durationMs: 90_000 },
        },
      ],
    });
  });
}
