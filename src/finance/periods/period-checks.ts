import type { Tx } from '../../platform/postgres.ts';
import type { AsOf } from '../as-of.ts';
import { readPending } from '../pending.ts';
import type { Models } from '../read-models.ts';
import { tableOf } from '../read-models.ts';
import type { Range } from '../time-range.ts';
import { listDrafts } from '../statements/list-drafts.ts';
import type { PeriodCheck } from './period-errors.ts';

/** What keeps a month from being closed, unless a person waives it with a reason. */
export const WAIVABLE_CHECKS = [
  'dead_letters',
  'unmapped',
  'quarantined',
  'conflicts',
  'unassigned',
  'unpriced',
  'uncosted',
  'estimated_costs',
  'drafts',
] as const;
export type WaivableCheck = (typeof WAIVABLE_CHECKS)[number];

const MEANINGS: Readonly<Record<WaivableCheck, string>> = {
  dead_letters: 'Jobs of events of the month that died and were not redriven',
  unmapped: 'Webhooks received in the month that could not be mapped',
  quarantined: 'Webhooks received in the month that are of another account, app or mode than their source',
  conflicts: 'Webhooks with a known key and another body that nobody resolved',
  unassigned: 'Usage and cost facts of the month without a tenant',
  unpriced: 'Usage facts of the month that no price plan speaks of',
  uncosted: "Usage facts of the month with neither a provider's cost nor a cost rate",
  estimated_costs: 'Costs of the month that are estimated, since the provider has not told them',
  drafts: 'Tenants with charges in the month whose statement is not issued',
};

type Waiver = Readonly<{ check: string; reason: string }>;

/** The checklist of a month as of its cut-off: what stands open, and which of it was waived. */
export async function readPeriodChecks(
  tx: Tx,
  {
    models,
    period,
    tz,
    range,
    asOf,
    waivers,
  }: { models: Models; period: string; tz: string; range: Range; asOf: AsOf; waivers: readonly Waiver[] },
): Promise<readonly PeriodCheck[]> {
  const filter = { mode: 'live' as const, range, asOf };
  const source = { model: models.usage, from: 'lines' as const };
  const pending = await readPending(tx, { reader: {}, source, filter });
  const drafts = await listDrafts(tx, { model: models.usage, period, tz, asOf });
  const counts: Readonly<Record<WaivableCheck, string>> = {
    drafts: String(drafts.length),
    ...(await readCounts(tx, { models, range, asOf })),
    unmapped: pending.unmapped,
    conflicts: pending.conflicts,
    unassigned: pending.unassigned,
    unpriced: pending.unpricedEvents,
    uncosted: pending.uncostedEvents,
  };
  return WAIVABLE_CHECKS.map((check) => {
    const waiver = waivers.find((each) => each.check === check);
    const isOpen = counts[check] !== '0';
    return {
      check,
      outcome: isOpen ? (waiver === undefined ? 'blocking' : 'waived') : 'ok',
      count: asCount(counts[check]),
      detail: MEANINGS[check],
      ...(isOpen && waiver !== undefined ? { reason: waiver.reason } : {}),
    };
  });
}

async function readCounts(
  tx: Tx,
  { models, range, asOf }: { models: Models; range: Range; asOf: AsOf },
): Promise<Readonly<Record<'dead_letters' | 'quarantined' | 'estimated_costs', string>>> {
  const { rows } = await tx.query<Record<'dead_letters' | 'quarantined' | 'estimated_costs', string>>(
    `select
       (select count(*) from hookledger.dead_letters d
        join hookledger.events e on e.position = d.position
        join hookledger.inbox i on i.position = d.position and i.queue = d.queue and i.replay_id = d.replay_id
        where i.outcome = 'dead' and i.generation = d.generation and e.position <= $3::bigint
          and e.mode = 'live' and e.occurred_at >= $1::timestamptz and e.occurred_at < $2::timestamptz
       )::text as dead_letters,
       (select count(*) from hookledger.webhooks
        where status = 'quarantined' and books = 'platform' and position <= $3::bigint
          and received_at >= $1::timestamptz and received_at < $2::timestamptz)::text as quarantined,
       (select coalesce(sum(facts), 0) from ${tableOf('usage_lines', models.usage)}
        where cost_status = 'estimated' and kind = 'cost' and mode = 'live' and books = 'platform'
          and position <= $3::bigint and occurred_at >= $1::timestamptz and occurred_at < $2::timestamptz
       )::text as estimated_costs`,
    [range.from, range.to, asOf.position],
  );
  return rows[0] ?? { dead_letters: '0', quarantined: '0', estimated_costs: '0' };
}

function asCount(text: string): number {
  // oxlint-disable-next-line money/no-binary-float -- a count, no money
  return Number(text);
}
