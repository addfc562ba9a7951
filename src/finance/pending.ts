import { UNASSIGNED } from '../domain/envelope.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Reader } from './read-transaction.ts';
import type { FigureFilter, UsageSource } from './usage-source.ts';
import { usageSelect, usageValues } from './usage-source.ts';

/** What is known and not yet in the figures of a range: without it, a floor would pass for the total. */
export type Pending = Readonly<{
  /** Usage facts that no price plan speaks of. */
  unpricedEvents: string;
  /** Usage facts with neither a cost of the provider nor a cost rate. */
  uncostedEvents: string;
  /** Webhooks with a known key and another body, which nobody resolved yet. Only the platform's people see them. */
  conflicts: string;
  /** Webhooks that were received in the range and could not be mapped. */
  unmapped: string;
  /** Usage and cost facts of the range without a tenant. */
  unassigned: string;
}>;

export async function readPending(
  tx: Tx,
  { reader, source, filter }: { reader: Reader; source: UsageSource; filter: FigureFilter },
): Promise<Pending> {
  const figures = usageSelect(source);
  // Whichever tenants are asked for: any fact without one may turn out to be theirs.
  const ofNobody = usageSelect(source, `array['${UNASSIGNED}']`);
  // A tenant's reader may not even name that table.
  const isTenant = reader.tenantId !== undefined;
  const { rows } = await tx.query<Pending>({
    name: `read-pending-${source.from}-${source.model.version}${isTenant ? '-of-tenant' : ''}`,
    text: `select coalesce(s.unpriced, 0)::text as "unpricedEvents", coalesce(s.uncosted, 0)::text as "uncostedEvents",
        ${isTenant ? `'0'` : `(${CONFLICTS})::text`} as conflicts,
        (${UNMAPPED})::text as unmapped,
        -- An estimate is of a usage that is counted already.
        coalesce((select sum(facts) from (${ofNobody}) u where cost_status = 'final'), 0)::text as unassigned
      from (select sum(unpriced) as unpriced, sum(uncosted) as uncosted from (${figures}) f) s`,
    values: usageValues(filter),
  });
  const [pending] = rows;
  if (pending === undefined) throw new Error('A select of aggregates answered no row.');
  return pending;
}

const CONFLICTS = `
  select count(*)
  from hookledger.conflicts c
  join hookledger.webhooks w on w.id = c.webhook_id
  where w.mode = $1::text and w.books = 'platform' and w.position <= $4::bigint
    and (c.resolved_position is null or c.resolved_position > $4::bigint)`;

const UNMAPPED = `
  select count(*) from hookledger.webhooks
  where status = 'unmapped' and mode = $1::text and books = 'platform' and position <= $4::bigint
    and received_at >= $2::timestamptz and received_at < $3::timestamptz`;
