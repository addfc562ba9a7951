import { Queue, Worker } from 'bullmq';
import { log } from './log.ts';
import type { Peer, PeerWebhook } from './peer.ts';

const QUEUE = 'webhooks';
const KEPT_SECONDS = 24 * 60 * 60;

/**
 * `queue.add`, then 200. Redis with AOF everysec and noeviction (docs.bullmq.io, Going to production: Persistence, Max
 * memory policy).
 */
export const bullmqPeer: Peer = {
  name: 'bullmq',
  version: '6.7.0',
  standsOn: 'redis',
  workers: 2,
  // Jobs are taken in order and handled in parallel.
  promisesOrder: false,
  setUp: () => Promise.resolve(),
  openStore({ redisUrl }) {
    const queue = new Queue<PeerWebhook>(QUEUE, {
      // Patterns: Failing fast when Redis is down.
      connection: { url: redisUrl, enableOfflineQueue: false, maxRetriesPerRequest: 1 },
      // Guide: Retrying failing jobs, Auto-removal of jobs; a job's id is known as long as the job is kept (Jobs: Job Ids).
      defaultJobOptions: {
        attempts: 5,
        backoff: { type: 'exponential', delay: 1_000 },
        removeOnComplete: { age: KEPT_SECONDS },
        removeOnFail: { age: KEPT_SECONDS },
      },
    });
    queue.on('error', log);
    return Promise.resolve(async (webhook) => void (await queue.add('webhook', webhook, { jobId: webhook.id })));
  },
  async countOpen({ redisUrl }) {
    const queue = new Queue(QUEUE, { connection: { url: redisUrl } });
    const open = await queue.getJobCountByTypes('waiting', 'active', 'delayed');
    await queue.close();
    return open;
  },
  async startWorker({ redisUrl }, makeCall) {
    // Lock and stall times are the defaults of 30 s (Jobs: Stalled), which are not meant to be changed.
    const worker = new Worker<PeerWebhook>(QUEUE, ({ data }) => makeCall(data), {
      connection: { url: redisUrl, maxRetriesPerRequest: null },
      concurrency: 20,
    });
    worker.on('error', log);
    await worker.waitUntilReady();
    process.once('SIGTERM', () => void worker.close().then(() => process.exit(0)));
  },
};
