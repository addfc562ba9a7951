import type { RecordedEvent } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import { compareReports } from '../domain/facts.ts';

/** What a provider said that a thing cost in all. It reports of every other cost fact of the stream that it is none. */
export type CostReport = Readonly<{
  streamKey: string;
  factKeys: readonly string[];
  rank: number;
  providerTime: Date;
  position: bigint;
  eventId: string;
}>;

export function readCostReport(event: RecordedEvent): CostReport | undefined {
  switch (event.type) {
    case 'CallEnded':
    case 'CallAnalyzed':
    case 'CallTransferEnded':
    case 'ChatEnded':
    case 'ChatAnalyzed': {
      const { costReport } = readEventData(event.type, event.schemaVersion, event.data);
      if (costReport === undefined) return undefined;
      return {
        streamKey: event.streamKey,
        factKeys: costReport.factNames.map((name) => `${event.streamKey}#${name}`),
        rank: costReport.rank,
        providerTime: new Date(costReport.providerTime),
        position: event.position,
        eventId: event.eventId,
      };
    }
    default:
      return undefined;
  }
}

/** The greatest of the reports that leave the fact out. */
export function greatestWithout(reports: readonly CostReport[], factKey: string): CostReport | undefined {
  return reports
    .filter(({ factKeys }) => !factKeys.includes(factKey))
    .toSorted((a, b) => compareReports(orderOf(b), orderOf(a)))[0];
}

function orderOf({ rank, providerTime, position }: CostReport) {
  return { rank, providerTimeMs: providerTime.getTime(), position };
}
