import { versionTable } from './version-table.ts';

/** SQL that adds lines to the sums of 15 minutes, in key order. `lines`: what they are selected from. */
export function addToUsageSums(version: number, lines: string): string {
  return `${sumUsageLines(version, lines)}
     on conflict (${KEY}) do update set
       facts = s.facts + excluded.facts, quantity = s.quantity + excluded.quantity, cost = s.cost + excluded.cost,
       rated = s.rated + excluded.rated, unpriced = s.unpriced + excluded.unpriced,
       uncosted = s.uncosted + excluded.uncosted, line_count = s.line_count + excluded.line_count,
       min_position = least(s.min_position, excluded.min_position),
       max_position = greatest(s.max_position, excluded.max_position),
       checksum = s.checksum + excluded.checksum`;
}

/**
 * As `addToUsageSums`, into a table that is empty. The checksum of a sum adds up, for each of its lines, the first 8 bytes
 * of the SHA-256 of `<position>.<line_no>` as a signed integer: anyone can compute it again, on any version of PostgreSQL
 * or outside of it.
 */
export function sumUsageLines(version: number, lines: string): string {
  return `insert into ${versionTable('usage_sums', version)} as s (
       tenant_id, mode, books, provider, kind, meter, unit, bucket, cost_currency, rated_currency, cost_status, priced_by,
       facts, quantity, cost, rated, unpriced, uncosted, line_count, min_position, max_position, checksum)
     select l.tenant_id, l.mode, l.books, l.provider, l.kind, l.meter, l.unit,
       date_bin('15 minutes', l.occurred_at, timestamptz '2000-01-01 00:00:00Z'), l.cost_currency, l.rated_currency,
       l.cost_status, coalesce(l.priced_by, ''), sum(l.facts), sum(l.quantity), sum(l.cost), sum(l.rated),
       sum(l.unpriced), sum(l.uncosted), count(*), min(l.position), max(l.position),
       sum(('x' || encode(substring(sha256(convert_to(l.position || '.' || l.line_no, 'UTF8')) for 8), 'hex'))
         ::bit(64)::bigint)
     from ${lines} l
     group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
     order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12`;
}

const KEY = `tenant_id, mode, books, provider, kind, meter, unit, bucket, cost_currency, rated_currency, cost_status,
         priced_by`;
