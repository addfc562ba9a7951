import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';
import { costReportRow } from './cost-reports-table.ts';
import { foldUsageEvents } from './fold-usage-events.ts';
import { loadAllCostRates } from './load-cost-rates.ts';
import { loadAllPricePlans } from './load-price-plans.ts';
import type { WholeStreamFold } from './projection.ts';
import { foldOne } from './projection.ts';
import { usageFactRow } from './usage-facts-table.ts';
import { sumUsageLines } from './usage-sums.ts';
import { sumUsageDays } from './usage-days.ts';
import { versionTable } from './version-table.ts';
import { usageLineRow } from './write-usage-lines.ts';

/**
 * The fold of usage, stream by stream. Plans and rates concern all streams: each stream meets those that may touch its
 * facts where they stand in the log. A line that one of them causes is numbered among all lines of that event, whatever
 * their streams, by the time and key of its fact, so that its number comes last.
 */
export function usageStreams(version: number): WholeStreamFold {
  return {
    broadcast: ['PricePlanAssigned', 'CostRateSet'],
    async prepare(tx, broadcast) {
      const pricing = { plans: await loadAllPricePlans(tx), rates: await loadAllCostRates(tx) };
      const told = indexBroadcast(broadcast);
      return (stream) => {
        const { facts, lines, costReports } = foldUsageEvents(pricing, [], withBroadcast(stream, told));
        return {
          usage_facts: facts.map(usageFactRow),
          usage_lines: lines.map(usageLineRow),
          usage_cost_reports: costReports.map(costReportRow),
        };
      };
    },
    finish: (tx, broadcast) => numberLines(tx, version, broadcast),
    sums: {
      usage_sums: sumUsageLines(version, versionTable('usage_lines', version)),
      usage_days: sumUsageDays(version, versionTable('usage_lines', version)),
    },
  };
}

/** By the tenant that a plan is for, and by the provider and meter that a rate is of. */
type Told = Readonly<{ plans: EventsBy; rates: EventsBy }>;
type EventsBy = ReadonlyMap<string, readonly RecordedEvent[]>;

function indexBroadcast(broadcast: readonly RecordedEvent[]): Told {
  const rateKey = (event: RecordedEvent): string =>
    foldOne(event, () => {
      const { provider, meter } = readEventData('CostRateSet', event.schemaVersion, event.data);
      return meterKey(provider, meter);
    });
  const of = (type: string): readonly RecordedEvent[] => broadcast.filter((event) => event.type === type);
  return {
    plans: Map.groupBy(of('PricePlanAssigned'), ({ tenantId }) => tenantId),
    rates: Map.groupBy(of('CostRateSet'), rateKey),
  };
}

/** Nothing can touch a fact before the stream begins; and what touches none of its facts does nothing. */
function withBroadcast(stream: readonly RecordedEvent[], { plans, rates }: Told): readonly RecordedEvent[] {
  const [first] = stream;
  if (first === undefined) return stream;
  const added = new Set<RecordedEvent>();
  for (const event of stream) {
    for (const tenantId of tenantsOf(event)) plans.get(tenantId)?.forEach((plan) => added.add(plan));
    const { provider, fact } = event;
    if (provider !== undefined && fact !== undefined) {
      rates.get(meterKey(provider, fact.meter))?.forEach((rate) => added.add(rate));
    }
  }
  const after = [...added].filter(({ position }) => position > first.position);
  if (after.length === 0) return stream;
  return [...stream, ...after].toSorted((a, b) => (a.position < b.position ? -1 : 1));
}

function tenantsOf(event: RecordedEvent): readonly string[] {
  if (event.type !== 'StreamTenantMoved') return [event.tenantId];
  return [event.tenantId, foldOne(event, () => readEventData('StreamTenantMoved', event.schemaVersion, event.data)).to];
}

function meterKey(provider: string, meter: string): string {
  return `${provider}\n${meter}`;
}

async function numberLines(tx: Tx, version: number, broadcast: readonly RecordedEvent[]): Promise<void> {
  const lines = versionTable('usage_lines', version);
  await tx.query(
    `update ${lines} l set line_no = n.line_no
     from (
       select ctid, row_number() over (partition by position order by occurred_at, fact_key, line_no) as line_no
       from ${lines} where position = any ($1::bigint[])
     ) n
     where l.ctid = n.ctid`,
    [broadcast.map(({ position }) => String(position))],
  );
}
