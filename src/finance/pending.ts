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
  const { unpriced, uncosted } = await readUsagePending(tx, source, filter);
  return {
    unpricedEvents: unpriced,
    uncostedEvents: uncosted,
    conflicts: reader.tenantId === undefined ? await readConflicts(tx, filter) : '0',
    unmapped: await readUnmapped(tx, filter),
    // Whichever tenants are asked for: any of these facts may turn out to be theirs.
    unassigned: await readFacts(tx, source, { ...filter, tenantIds: [UNASSIGNED] }),
  };
}

async function readUsagePending(
  tx: Tx,
  source: UsageSource,
  filter: FigureFilter,
): Promise<{ unpriced: string; uncosted: string }> {
  const { rows } = await tx.query<{ unpriced: string; uncosted: string }>(
    `select coalesce(sum(unpriced), 0)::text as unpriced, coalesce(sum(uncosted), 0)::text as uncosted
     from (${usageSelect(source)}) s`,
    usageValues(filter),
  );
  return rows[0] ?? { unpriced: '0', uncosted: '0' };
}

async function readFacts(tx: Tx, source: UsageSource, filter: FigureFilter): Promise<string> {
  const { rows } = await tx.query<{ count: string }>(
    // An estimate is of a usage that is counted already.
    `select coalesce(sum(facts), 0)::text as count from (${usageSelect(source)}) s where cost_status = 'final'`,
    usageValues(filter),
  );
  return rows[0]?.count ?? '0';
}

async function readUnmapped(tx: Tx, { mode, range, asOf }: FigureFilter): Promise<string> {
  const { rows } = await tx.query<{ count: string }>(
    `select count(*)::text as count from hookledger.webhooks
     where status = 'unmapped' and mode = $1::text and books = 'platform' and position <= $4::bigint
       and received_at >= $2::timestamptz and received_at < $3::timestamptz`,
    [mode, range.from, range.to, String(asOf.position)],
  );
  return rows[0]?.count ?? '0';
}

async function readConflicts(tx: Tx, { mode, asOf }: FigureFilter): Promise<string> {
  const { rows } = await tx.query<{ count: string }>(
    `select count(*)::text as count
     from hookledger.conflicts c
     join hookledger.webhooks w on w.id = c.webhook_id
     where w.mode = $1::text and w.books = 'platform' and w.position <= $2::bigint
       and (c.resolved_position is null or c.resolved_position > $2::bigint)`,
    [mode, String(asOf.position)],
  );
  return rows[0]?.count ?? '0';
}
