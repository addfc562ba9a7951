import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import { foldUsageEvents } from './fold-usage-events.ts';
import { loadPricePlans } from './load-price-plans.ts';
import type { Projection } from './projection.ts';
import { foldOne } from './projection.ts';
import type { UsageFact } from './usage-fact.ts';
import { loadTenantUsageFacts, loadUsageFacts, writeUsageFacts } from './usage-facts-table.ts';
import { writeUsageLines } from './write-usage-lines.ts';

/** What was used and what it cost: facts, their lines, and sums by 15 minutes. */
export const usageProjection: Projection = {
  name: 'usage',
  version: 1,
  types: [
    'CallEnded',
    'CallAnalyzed',
    'CallCostReported',
    'ChatEnded',
    'ChatAnalyzed',
    'ChatCostReported',
    'StreamTenantMoved',
    'PricePlanAssigned',
  ],
  async fold(tx, events) {
    let batch: RecordedEvent[] = [];
    for (const event of events) {
      if (event.type === 'PricePlanAssigned') {
        // It prices facts that the events before it make: those are written first.
        await foldBatch(tx, batch);
        batch = [];
        await rerate(tx, event);
      } else {
        batch.push(event);
      }
    }
    await foldBatch(tx, batch);
  },
};

async function foldBatch(tx: Tx, events: readonly RecordedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const facts = await loadUsageFacts(tx, {
    factKeys: distinct(events.flatMap(({ fact }) => (fact === undefined ? [] : [fact.key]))),
    streamKeys: distinct(events.filter(({ type }) => type === 'StreamTenantMoved').map(({ streamKey }) => streamKey)),
  });
  const tenantIds = distinct([...events.map(tenantAfter), ...facts.map(({ tenantId }) => tenantId)]);
  const changes = foldUsageEvents(await loadPricePlans(tx, tenantIds), facts, events);
  await writeUsageFacts(tx, changes.facts);
  await writeUsageLines(tx, changes.lines);
}

function tenantAfter(event: RecordedEvent): string {
  if (event.type !== 'StreamTenantMoved') return event.tenantId;
  return foldOne(event, () => readEventData('StreamTenantMoved', event.schemaVersion, event.data)).to;
}

function distinct(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

/** A tenant may have millions of facts: they are priced again page by page, in the one transaction. */
const RERATE_PAGE = 2_000;

async function rerate(tx: Tx, event: RecordedEvent): Promise<void> {
  const { tenantId, validFrom } = foldOne(event, () =>
    readEventData('PricePlanAssigned', event.schemaVersion, event.data),
  );
  const plans = await loadPricePlans(tx, [tenantId]);
  let firstLineNo = 1;
  let after: Pick<UsageFact, 'occurredAt' | 'factKey'> = { occurredAt: new Date(validFrom), factKey: '' };
  for (;;) {
    const page = await loadTenantUsageFacts(tx, { tenantId, after, limit: RERATE_PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
    const changes = foldUsageEvents(plans, page, [event], firstLineNo);
    await writeUsageFacts(tx, changes.facts);
    await writeUsageLines(tx, changes.lines);
    firstLineNo += changes.lines.length;
  }
}
