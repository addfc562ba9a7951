import type { Tx } from '../platform/postgres.ts';
import type { NumberedUsageLine } from './fold-usage-events.ts';

/**
 * Appends lines and adds them to the sums, in key order, so that two writers cannot deadlock. The checksum of a sum
 * adds up, for each of its lines, the first 8 bytes of the SHA-256 of `<position>.<line_no>` as a signed integer:
 * anyone can compute it again, on any version of PostgreSQL or outside of it.
 */
export async function writeUsageLines(tx: Tx, lines: readonly NumberedUsageLine[]): Promise<void> {
  if (lines.length === 0) return;
  await tx.query({
    name: 'write-usage-lines',
    text: `with line as (
       insert into hookledger.usage_lines_v1
       select * from json_populate_recordset(null::hookledger.usage_lines_v1, $1::json)
       returning *
     )
     insert into hookledger.usage_sums_v1 as s (
       tenant_id, mode, books, provider, kind, meter, unit, bucket, cost_currency, rated_currency,
       cost_status, priced_by, facts, quantity, cost, rated, unpriced, uncosted, line_count, min_position, max_position, checksum)
     select l.tenant_id, l.mode, l.books, l.provider, l.kind, l.meter, l.unit,
       date_bin('15 minutes', l.occurred_at, timestamptz '2000-01-01 00:00:00Z'), l.cost_currency, l.rated_currency,
       l.cost_status, coalesce(l.priced_by, ''), sum(l.facts), sum(l.quantity), sum(l.cost), sum(l.rated), sum(l.unpriced), sum(l.uncosted),
       count(*), min(l.position), max(l.position),
       sum(('x' || encode(substring(sha256(convert_to(l.position || '.' || l.line_no, 'UTF8')) for 8), 'hex'))
         ::bit(64)::bigint)
     from line l
     group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
     order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
     on conflict on constraint usage_sums_v1_pkey do update set
       facts = s.facts + excluded.facts, quantity = s.quantity + excluded.quantity, cost = s.cost + excluded.cost,
       rated = s.rated + excluded.rated, unpriced = s.unpriced + excluded.unpriced,
       uncosted = s.uncosted + excluded.uncosted, line_count = s.line_count + excluded.line_count,
       min_position = least(s.min_position, excluded.min_position),
       max_position = greatest(s.max_position, excluded.max_position),
       checksum = s.checksum + excluded.checksum`,
    values: [JSON.stringify(lines.map(usageLineRow))],
  });
}

function usageLineRow({ event, lineNo, line }: NumberedUsageLine): Record<string, unknown> {
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
