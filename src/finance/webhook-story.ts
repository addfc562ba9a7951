import { EVENT_COLUMNS } from '../event-store/event-row.ts';
import type { EventRow } from '../event-store/event-row.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Models } from './read-models.ts';
import { readModels } from './read-models.ts';
import type { Sight } from './sight.ts';
import type { StoryFigure } from './story-figures.ts';
import { readFigures } from './story-figures.ts';
import type { StoryJob } from './story-jobs.ts';
import { listJobs, readJobsDroppedAt } from './story-jobs.ts';
import type { StoryFact, StoryLines } from './story-lines.ts';
import { listFacts, listLines } from './story-lines.ts';
import type { WebhookConflict, WebhookRequest, WebhookRow } from './webhooks.ts';
import { countDuplicates, findWebhook, listConflicts, readWebhookRequest } from './webhooks.ts';

/** One webhook from its request to the figures that it went into. */
export type WebhookStory = Readonly<{
  webhook: WebhookRow;
  /** Its own events, and everything that these led to. */
  events: readonly EventRow[];
  facts: readonly StoryFact[];
  /** Of its events and of the facts that they report; a line that is not theirs stands at another position. */
  lines: StoryLines;
  figures: readonly StoryFigure[];
  models: Models;
  /** Names of the tenants that it and its lines are of. */
  tenantNames: ReadonlyMap<string, string>;
  /** Undefined for a tenant's reader. */
  operations: StoryOperations | undefined;
}>;

export type StoryOperations = Readonly<{
  request: WebhookRequest;
  duplicates: number;
  conflicts: readonly WebhookConflict[];
  jobs: readonly StoryJob[];
  /** Since then nothing is known any more of the jobs of some or all of its events: they ended long before. */
  jobsDroppedAt: Date | null;
}>;

/**
 * The story of the webhook with our id or the provider's; undefined when the transaction's reader sees none. The
 * transaction's role must allow what `sight` asks for.
 */
export async function readWebhookStory(tx: Tx, id: string, sight: Sight = 'raw'): Promise<WebhookStory | undefined> {
  const webhook = await findWebhook(tx, id);
  if (webhook === undefined) return undefined;
  const models = await readModels(tx);
  const events = await listStoryEvents(tx, webhook.id);
  const positions = events.map(({ position }) => position);
  const lines = await listLines(tx, models, events);
  return {
    webhook,
    events,
    facts: await listFacts(
      tx,
      models,
      events.map((event) => event.fact_key).filter((key) => key !== null),
    ),
    lines,
    figures: await readFigures(tx, models, lines),
    models,
    tenantNames: await readTenantNames(tx, [webhook, ...lines.usage, ...lines.payments, ...lines.invoices]),
    operations: sight === 'tenant' ? undefined : await readOperations(tx, webhook, positions, sight),
  };
}

async function readOperations(
  tx: Tx,
  webhook: WebhookRow,
  positions: readonly string[],
  sight: 'operations' | 'raw',
): Promise<StoryOperations | undefined> {
  const request = await readWebhookRequest(tx, webhook.position, { withBody: sight === 'raw' });
  if (request === undefined) return undefined;
  return {
    request,
    duplicates: await countDuplicates(tx, webhook.id),
    conflicts: await listConflicts(tx, webhook.id),
    jobs: await listJobs(tx, positions),
    jobsDroppedAt: await readJobsDroppedAt(tx, positions),
  };
}

async function readTenantNames(
  tx: Tx,
  owned: readonly Readonly<{ tenantId: string }>[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await tx.query<{ id: string; name: string }>(
    `select id, name from hookledger.tenants where id = any ($1::text[])`,
    [[...new Set(owned.map(({ tenantId }) => tenantId))]],
  );
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function listStoryEvents(tx: Tx, webhookId: string): Promise<readonly EventRow[]> {
  const { rows } = await tx.query<EventRow>(
    `select ${EVENT_COLUMNS}
     from hookledger.events e
     where e.correlation_id in (select w.correlation_id from hookledger.events w where w.webhook_id = $1::uuid)
     order by e.position limit 500`,
    [webhookId],
  );
  return rows;
}
