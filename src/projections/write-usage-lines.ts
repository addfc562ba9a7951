import type { Tx } from '../platform/postgres.ts';
import type { NumberedUsageLine } from './fold-usage-events.ts';
import { addToUsageSums } from './usage-sums.ts';
import { versionTable } from './version-table.ts';

/** Appends lines and adds them to the sums, in key order, so that two writers cannot deadlock. */
export async function writeUsageLines(tx: Tx, version: number, lines: readonly NumberedUsageLine[]): Promise<void> {
  if (lines.length === 0) return;
  const table = versionTable('usage_lines', version);
  await tx.query({
    name: `write-usage-lines-v${version}`,
    text: `with line as (
       insert into ${table} select * from json_populate_recordset(null::${table}, $1::json)
       returning *
     )
     ${addToUsageSums(version, 'line')}`,
    values: [JSON.stringify(lines.map(usageLineRow))],
  });
}

export function usageLineRow({ event, lineNo, line }: NumberedUsageLine): Record<string, unknown> {
  const { bucket, measures, factKey, cause } = line;
  return {
    position: String(event.position),
    line_no: lineNo,
    fact_key: factKey,
    event_id: event.eventId,
    cause,
    kind: bucket.kind,
    tenant_id: bucket.tenantId,
    provider: bucket.provider,
    mode: bucket.mode,
    books: bucket.books,
    meter: bucket.meter,
    unit: bucket.unit,
    occurred_at: bucket.occurredAt,
    facts: measures.facts,
    quantity: measures.quantity,
    cost: measures.cost,
    cost_currency: bucket.costCurrency,
    rated: measures.rated,
    rated_currency: bucket.ratedCurrency,
    plan_id: bucket.planId,
    priced_by: bucket.pricedBy,
    component_no: bucket.componentNo,
    unpriced: measures.unpriced,
    cost_status: bucket.costStatus,
    uncosted: measures.uncosted,
    rate_position: bucket.ratePosition,
  };
}
