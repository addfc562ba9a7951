import type { RecordedWebhook, WebhookRecord } from '../event-store/record-webhooks.ts';
import { recordWebhooks } from '../event-store/record-webhooks.ts';
import { classifyStoreError, StoreUnavailableError } from '../event-store/store-errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import { createMicroBatcher } from '../platform/micro-batcher.ts';

export type WebhookRecorder = Readonly<{
  /**
   * Resolves after the commit. `refused` makes what to keep instead when PostgreSQL refuses the data.
   * @throws StoreUnavailableError when the outcome is not known to be a commit.
   */
  record(webhook: WebhookRecord, refused: () => WebhookRecord): Promise<RecordedWebhook>;
}>;

export type WebhookRecorderDeps = Readonly<{
  pool: Pool;
  logger: Logger;
  /** Called after each commit: wakes whoever reads the log. */
  onRecorded: () => void;
  /** Called with the number of webhooks that shared a transaction, or were to. */
  onBatch?: (webhooks: number) => void;
}>;

type Item = Readonly<{ webhook: WebhookRecord; refused: () => WebhookRecord }>;
type Answer = RecordedWebhook | StoreUnavailableError;

const MAX_BATCH = 200;
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Two in flight keep both the database and this process busy; more only lengthen the wait for locks. */
const CONCURRENT_BATCHES = 2;
/** Beyond this an answer would come too late anyway: 503 at once lets the provider back off. */
const MAX_QUEUED = 5_000;
const MAX_ATTEMPTS = 5;

/** Group commit: webhooks that arrive together share one transaction, and none of them can fail another. */
export function createWebhookRecorder({ pool, logger, onRecorded, onBatch }: WebhookRecorderDeps): WebhookRecorder {
  const batcher = createMicroBatcher<Item, Answer>({
    maxItems: MAX_BATCH,
    maxWeight: MAX_BATCH_BYTES,
    weight: ({ webhook }) => webhook.body.length,
    concurrency: CONCURRENT_BATCHES,
    maxQueued: MAX_QUEUED,
    overflow: () => new StoreUnavailableError(new Error(`More than ${MAX_QUEUED} webhooks wait to be recorded.`)),
    flush: async (items) => {
      const answers = await recordBatch(items);
      onRecorded();
      onBatch?.(items.length);
      return answers;
    },
  });

  /** Halves a poisoned batch until the member stands alone; each half is a transaction of its own. */
  async function recordBatch(items: readonly Item[], attempt = 1): Promise<readonly Answer[]> {
    try {
      return await recordWebhooks(
        pool,
        items.map(({ webhook }) => webhook),
      );
    } catch (error) {
      const kind = classifyStoreError(error);
      if (kind === 'again' && attempt < MAX_ATTEMPTS) return recordBatch(items, attempt + 1);
      if (kind !== 'poisoned') {
        logger.error({ err: error, webhooks: items.length }, 'webhooks not recorded; answered 503');
        return items.map(() => new StoreUnavailableError(error));
      }
      const [first] = items;
      if (items.length === 1 && first !== undefined) return [await recordRefused(first, error)];
      const middle = Math.ceil(items.length / 2);
      return [...(await recordBatch(items.slice(0, middle))), ...(await recordBatch(items.slice(middle)))];
    }
  }

  async function recordRefused(item: Item, cause: unknown): Promise<Answer> {
    logger.warn({ err: cause, sourceId: item.webhook.sourceId }, 'PostgreSQL refused a webhook; kept raw');
    try {
      const [answer] = await recordWebhooks(pool, [item.refused()]);
      return answer ?? new StoreUnavailableError(cause);
    } catch (error) {
      logger.error({ err: error, sourceId: item.webhook.sourceId }, 'a refused webhook could not be kept raw');
      return new StoreUnavailableError(error);
    }
  }

  return {
    async record(webhook, refused) {
      const answer = await batcher.add({ webhook, refused });
      if (answer instanceof StoreUnavailableError) throw answer;
      return answer;
    },
  };
}
