import { versionTable } from './version-table.ts';

/** SQL that sums lines by days of UTC, into a table that has none of them yet; a trigger goes on from there. */
export function sumUsageDays(version: number, lines: string): string {
  return `insert into ${versionTable('usage_days', version)} (tenant_id, mode, books, day, provider, kind, meter, unit,
       cost_currency, rated_currency, cost_status, priced_by, plan_id, component_no, facts, quantity, cost, rated,
       unpriced, uncosted, line_count, min_position, max_position)
     select l.tenant_id, l.mode, l.books, date_trunc('day', l.occurred_at, 'UTC'), l.provider, l.kind, l.meter, l.unit,
       l.cost_currency, l.rated_currency, l.cost_status, coalesce(l.priced_by, ''), coalesce(l.plan_id, ''),
       coalesce(l.component_no, -1), sum(l.facts), sum(l.quantity), sum(l.cost), sum(l.rated), sum(l.unpriced),
       sum(l.uncosted), count(*), min(l.position), max(l.position)
     from ${lines} l
     group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14`;
}
