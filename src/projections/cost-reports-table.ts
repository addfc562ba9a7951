import type { Tx } from '../platform/postgres.ts';
import type { CostReport } from './cost-report.ts';
import { insertRows } from './insert-rows.ts';
import { versionTable } from './version-table.ts';

type CostReportRow = Readonly<{
  stream_key: string;
  position: string;
  event_id: string;
  fact_rank: number;
  provider_time: Date;
  fact_keys: string[];
}>;

/** All of these streams; a call has three at most. */
export async function loadCostReports(
  tx: Tx,
  version: number,
  streamKeys: readonly string[],
): Promise<readonly CostReport[]> {
  const { rows } = await tx.query<CostReportRow>(
    `select stream_key, position, event_id, fact_rank, provider_time, fact_keys
     from ${versionTable('usage_cost_reports', version)}
     where stream_key = any ($1::text[])
     order by stream_key, position`,
    [streamKeys],
  );
  return rows.map((row) => ({
    streamKey: row.stream_key,
    factKeys: row.fact_keys,
    rank: row.fact_rank,
    providerTime: row.provider_time,
    position: BigInt(row.position),
    eventId: row.event_id,
  }));
}

export async function writeCostReports(tx: Tx, version: number, reports: readonly CostReport[]): Promise<void> {
  await insertRows(tx, versionTable('usage_cost_reports', version), reports.map(costReportRow));
}

export function costReportRow(report: CostReport): Record<keyof CostReportRow, unknown> {
  return {
    stream_key: report.streamKey,
    position: String(report.position),
    event_id: report.eventId,
    fact_rank: report.rank,
    provider_time: report.providerTime,
    fact_keys: report.factKeys,
  };
}
