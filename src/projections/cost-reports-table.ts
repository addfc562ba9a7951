import type { Tx } from '../platform/postgres.ts';
import type { CostReport } from './cost-report.ts';

type CostReportRow = Readonly<{
  stream_key: string;
  position: string;
  event_id: string;
  fact_rank: number;
  provider_time: Date;
  fact_keys: string[];
}>;

/** All of these streams; a call has three at most. */
export async function loadCostReports(tx: Tx, streamKeys: readonly string[]): Promise<readonly CostReport[]> {
  const { rows } = await tx.query<CostReportRow>(
    `select stream_key, position, event_id, fact_rank, provider_time, fact_keys
     from hookledger.usage_cost_reports_v1
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

export async function writeCostReports(tx: Tx, reports: readonly CostReport[]): Promise<void> {
  if (reports.length === 0) return;
  const rows = reports.map((report) => ({
    stream_key: report.streamKey,
    position: String(report.position),
    event_id: report.eventId,
    fact_rank: report.rank,
    provider_time: report.providerTime,
    fact_keys: report.factKeys,
  }));
  await tx.query(
    `insert into hookledger.usage_cost_reports_v1
     select * from json_populate_recordset(null::hookledger.usage_cost_reports_v1, $1::json)`,
    [JSON.stringify(rows)],
  );
}
