import type { Pool } from '../../src/platform/postgres.ts';
import { insertRows, uuid } from './seed.ts';

/** What became of the scenario's outbox rows: the notification of the failed payment died; 91 waits. */
export async function setJobs(adminPool: Pool): Promise<void> {
  await adminPool.query('update hookledger.lanes set published_position = 90');
  const ended: readonly [number, string, string, string][] = [
    [11, 'analytics-events', 'tnt_a', 'done'],
    [12, 'analytics-events', 'tnt_a', 'done'],
    [13, 'analytics-events', 'tnt_a', 'done'],
    [11, 'ingress-events', 'tnt_a', 'done'],
    [21, 'analytics-events', 'tnt_a', 'done'],
    [21, 'ingress-events', 'tnt_a', 'done'],
    [31, 'ingress-events', 'tnt_b', 'done'],
    [33, 'notifications', 'tnt_b', 'dead'],
  ];
  const job = ([position, queue, tenantId]: (typeof ended)[number]) => ({
    position,
    queue,
    replay_id: 'live',
    tenant_id: tenantId,
    generation: 0,
  });
  await insertRows(
    adminPool,
    'inbox',
    ended.map((row) => ({ ...job(row), outcome: row[3], ended_at: '2026-03-10T10:20:00Z' })),
  );
  await insertRows(
    adminPool,
    'job_attempts',
    ended.flatMap((row) => {
      const attempt = { ...job(row), transport: 'bullmq-redis', duration_ms: 12 };
      if (row[3] === 'done') return [{ ...attempt, attempt: 1, outcome: 'done', started_at: '2026-03-10T10:19:59Z' }];
      return [1, 2, 3].map((n) => ({
        ...attempt,
        attempt: n,
        outcome: n < 3 ? 'retry' : 'dead',
        detail: 'The mail server answered 451: try again later.',
        started_at: `2026-03-10T10:19:5${n}Z`,
      }));
    }),
  );
  await insertRows(adminPool, 'dead_letters', [
    {
      ...job([33, 'notifications', 'tnt_b', 'dead']),
      event_id: uuid(33),
      event_type: 'NotificationRequested',
      cause: 'attempts-exhausted',
      detail: 'The mail server answered 451: try again later.',
      attempts: 3,
    },
  ]);
}
