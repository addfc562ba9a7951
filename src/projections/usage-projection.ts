import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import { loadCostReports, writeCostReports } from './cost-reports-table.ts';
import { foldUsageEvents } from './fold-usage-events.ts';
import { loadCostRates } from './load-cost-rates.ts';
import { loadPricePlans } from './load-price-plans.ts';
import type { Projection } from './projection.ts';
import { foldOne } from './projection.ts';
import type { UsageFact } from './usage-fact.ts';
import { usageStreams } from './usage-streams.ts';
import { loadMeterUsageFacts, loadTenantUsageFacts, loadUsageFacts, writeUsageFacts } from './usage-facts-table.ts';
import type { UsageFactPage } from './usage-facts-table.ts';
import type { UsagePricing } from './usage-fold.ts';
import { writeUsageLines } from './write-usage-lines.ts';

/** What was used and what it cost or is estimated to: facts, their lines, and sums by 15 minutes and by days. */
export const usageProjection = usageProjectionAt(1);

function usageProjectionAt(version: number): Projection {
  return {
    name: 'usage',
    version,
    foldVersion: 1,
    types: [
      'CallEnded',
      'CallAnalyzed',
      'CallCostReported',
      'CallTransferEnded',
      'ChatEnded',
      'ChatAnalyzed',
      'ChatCostReported',
      'MessageReceived',
      'MessageSent',
      'MessageStatusChanged',
      'MessageCostReported',
      'RecordingCompleted',
      'StreamTenantMoved',
      'PricePlanAssigned',
      'CostRateSet',
    ],
    tables: ['usage_facts', 'usage_cost_reports', 'usage_lines', 'usage_sums', 'usage_days'],
    at: usageProjectionAt,
    async fold(tx, events) {
      let batch: RecordedEvent[] = [];
      for (const event of events) {
        const loadPage = pagesTouched(tx, version, event);
        if (loadPage === undefined) {
          batch.push(event);
        } else {
          // It prices facts that the events before it make: those are written first.
          await foldBatch(tx, version, batch);
          batch = [];
          await foldPages(tx, version, event, loadPage);
        }
      }
      await foldBatch(tx, version, batch);
    },
    wholeStreams: usageStreams(version),
  };
}

async function foldBatch(tx: Tx, version: number, events: readonly RecordedEvent[]): Promise<void> {
  if (events.length === 0) return;
  const streamKeys = distinct(events.map(({ streamKey }) => streamKey));
  const facts = await loadUsageFacts(tx, version, streamKeys);
  const costReports = await loadCostReports(tx, version, streamKeys);
  const pricing = await loadPricing(tx, {
    tenantIds: [...events.map(tenantAfter), ...facts.map(({ tenantId }) => tenantId)],
    metered: [
      ...facts,
      ...events.flatMap(({ provider = '', fact }) => (fact ? [{ provider, meter: fact.meter }] : [])),
    ],
  });
  const changes = foldUsageEvents(pricing, facts, events, 1, costReports);
  await writeCostReports(tx, version, changes.costReports);
  await writeUsageFacts(tx, version, changes.facts);
  await writeUsageLines(tx, version, changes.lines);
}

function tenantAfter(event: RecordedEvent): string {
  if (event.type !== 'StreamTenantMoved') return event.tenantId;
  return foldOne(event, () => readEventData('StreamTenantMoved', event.schemaVersion, event.data)).to;
}

async function loadPricing(
  tx: Tx,
  wanted: { tenantIds: readonly string[]; metered: readonly Readonly<{ provider: string; meter: string }>[] },
): Promise<UsagePricing> {
  return {
    plans: await loadPricePlans(tx, distinct(wanted.tenantIds)),
    rates: await loadCostRates(tx, [
      ...new Map(wanted.metered.map((each) => [`${each.provider}\n${each.meter}`, each])).values(),
    ]),
  };
}

function distinct(words: readonly string[]): readonly string[] {
  return [...new Set(words)];
}

type LoadPage = (page: UsageFactPage) => Promise<readonly UsageFact[]>;

/** How to load what a plan or a rate changes the price or the cost of, and from when on; undefined for other events. */
function pagesTouched(tx: Tx, version: number, event: RecordedEvent): { from: Date; load: LoadPage } | undefined {
  switch (event.type) {
    case 'PricePlanAssigned': {
      const { tenantId, validFrom, reprice } = foldOne(event, () =>
        readEventData('PricePlanAssigned', event.schemaVersion, event.data),
      );
      return {
        from: new Date(validFrom),
        load: (page) => loadTenantUsageFacts(tx, version, { tenantId, reprice, ...page }),
      };
    }
    case 'CostRateSet': {
      const { provider, meter, validFrom, reprice } = foldOne(event, () =>
        readEventData('CostRateSet', event.schemaVersion, event.data),
      );
      return {
        from: new Date(validFrom),
        load: (page) => loadMeterUsageFacts(tx, version, { provider, meter, reprice, ...page }),
      };
    }
    default:
      return undefined;
  }
}

/** There may be millions of such facts: they are priced again page by page, in the one transaction. */
const PAGE = 2_000;

async function foldPages(
  tx: Tx,
  version: number,
  event: RecordedEvent,
  { from, load }: { from: Date; load: LoadPage },
): Promise<void> {
  let firstLineNo = 1;
  let after: UsageFactPage['after'] = { occurredAt: from, factKey: '' };
  for (;;) {
    const page = await load({ after, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
    const pricing = await loadPricing(tx, { tenantIds: page.map(({ tenantId }) => tenantId), metered: page });
    const changes = foldUsageEvents(pricing, page, [event], firstLineNo);
    await writeUsageFacts(tx, version, changes.facts);
    await writeUsageLines(tx, version, changes.lines);
    firstLineNo += changes.lines.length;
  }
}
