import type { Queue } from '../domain/queues.ts';

/**
 * How many jobs of a queue one process runs at once. Those that run together share their round trips and their commit:
 * with PostgreSQL alone, many cost little more than few, and 200 made a job a third cheaper than 50. Where handlers call
 * the outside, each job holds a connection there, and nothing is shared.
 */
export const QUEUE_CONCURRENCY: Readonly<Record<Queue, number>> = {
  'ingress-events': 200,
  'orchestration-flows': 50,
  'integration-tasks': 50,
  notifications: 200,
  'analytics-events': 200,
};
