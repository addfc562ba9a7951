import type { PricePlanComponent } from '../../src/domain/pricing.ts';
import type { Pool, Tx } from '../../src/platform/postgres.ts';
import { withTransaction } from '../../src/platform/postgres.ts';

/** Rows of the read models, set straight into the tables: what the projections would have made is not under test here. */
export type UsageLineSeed = Partial<{
  position: number;
  factKey: string;
  eventId: string;
  cause: string;
  kind: 'usage' | 'cost';
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  books: 'platform' | 'tenant';
  meter: string;
  unit: string;
  occurredAt: string;
  facts: number;
  quantity: string;
  cost: string;
  costCurrency: string;
  rated: string;
  ratedCurrency: string;
  unpriced: number;
  costStatus: 'estimated' | 'final';
  uncosted: number;
  planId: string;
  pricedBy: 'fact' | 'aggregate';
  componentNo: number;
}>;

/** Replaces all usage lines, and the sums by sums over them. A line without a position has its index, from 1. */
export async function setUsageLines(adminPool: Pool, seeds: readonly UsageLineSeed[]): Promise<void> {
  const lines = seeds.map((seed, index) => ({ position: index + 1, line_no: index, ...usageLine(seed, index) }));
  await withTransaction(adminPool, { tenant: '*' }, async (tx) => {
    await tx.query('truncate hookledger.usage_lines_v1, hookledger.usage_sums_v1');
    await tx.query(
      `insert into hookledger.usage_lines_v1
       select l.* from jsonb_populate_recordset(null::hookledger.usage_lines_v1, $1::jsonb) l`,
      [JSON.stringify(lines)],
    );
    await tx.query(
      `insert into hookledger.usage_sums_v1
       select tenant_id, mode, books, provider, kind, meter, unit,
         date_bin('15 minutes', occurred_at, timestamptz '2000-01-01 00:00:00+00'), cost_currency, rated_currency,
         sum(facts), sum(quantity), sum(cost), sum(rated), sum(unpriced), count(*), min(position), max(position), 0,
         cost_status, sum(uncosted), coalesce(priced_by, '')
       from hookledger.usage_lines_v1 group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, cost_status, priced_by`,
    );
  });
}

function usageLine(seed: UsageLineSeed, index: number): Record<string, unknown> {
  return {
    ...(seed.position === undefined ? {} : { position: seed.position }),
    fact_key: seed.factKey ?? `call/retell/acc/live/c${index}#call_seconds`,
    event_id: seed.eventId ?? uuid(index + 1),
    cause: seed.cause ?? 'fact',
    kind: seed.kind ?? 'usage',
    tenant_id: seed.tenantId ?? 'tnt_a',
    provider: seed.provider ?? 'retell',
    mode: seed.mode ?? 'live',
    books: seed.books ?? 'platform',
    meter: seed.meter ?? 'call_seconds',
    unit: seed.unit ?? 'second',
    occurred_at: seed.occurredAt ?? '2026-03-10T10:00:00Z',
    facts: seed.facts ?? 1,
    quantity: seed.quantity ?? '0',
    cost: seed.cost ?? '0',
    cost_currency: seed.costCurrency ?? '',
    rated: seed.rated ?? '0',
    rated_currency: seed.ratedCurrency ?? '',
    plan_id: seed.planId ?? null,
    priced_by: seed.pricedBy ?? null,
    component_no: seed.componentNo ?? null,
    unpriced: seed.unpriced ?? 0,
    cost_status: seed.costStatus ?? 'final',
    uncosted: seed.uncosted ?? 0,
  };
}

/** All models have folded up to here, and so far the log reaches. `at`: when it did. */
export async function standAt(adminPool: Pool, position: number, at = '2026-04-01T00:00:00Z'): Promise<void> {
  await adminPool.query('update hookledger.projection_checkpoints set position = $1::bigint', [position]);
  await adminPool.query('update hookledger.high_water_mark set position = $1::bigint, moved_at = $2::timestamptz', [
    position,
    at,
  ]);
  await adminPool.query('truncate hookledger.high_water_mark_history');
  await noteHistory(adminPool, position, at);
}

/** The log had reached `position` at `at`. */
export async function noteHistory(adminPool: Pool, position: number, at: string): Promise<void> {
  await adminPool.query(
    'insert into hookledger.high_water_mark_history (at, position) values ($1::timestamptz, $2::bigint)',
    [at, position],
  );
}

export async function createTenants(adminPool: Pool, ids: readonly string[]): Promise<void> {
  await adminPool.query('insert into hookledger.tenants (id, name) select id, id from unnest($1::text[]) id', [ids]);
}

export type PlanSeed = Readonly<{
  tenantId: string;
  planId: string;
  validFrom: string;
  position: number;
  reprice?: boolean;
  /** When the plan begins to hold, when left out. */
  assignedAt?: string;
}>;

export async function definePlan(
  adminPool: Pool,
  plan: { planId: string; currency: string; components: readonly PricePlanComponent[]; position: number },
): Promise<void> {
  await adminPool.query(
    `insert into hookledger.price_plans (plan_id, name, currency, components, position)
     values ($1::text, $1::text, $2::text, $3::jsonb, $4::bigint)`,
    [plan.planId, plan.currency, JSON.stringify(plan.components), plan.position],
  );
}

export async function assignPlan(adminPool: Pool, seed: PlanSeed): Promise<void> {
  await adminPool.query(
    `insert into hookledger.price_plan_assignments (tenant_id, plan_id, valid_from, position, reprice, assigned_at)
     values ($1::text, $2::text, $3::timestamptz, $4::bigint, $5::boolean, $6::timestamptz)`,
    [
      seed.tenantId,
      seed.planId,
      seed.validFrom,
      seed.position,
      seed.reprice ?? false,
      seed.assignedAt ?? seed.validFrom,
    ],
  );
}

/** Inserts rows given as records of column values into one table; what is left out takes the column's default. */
export async function insertRows(
  tx: Pool | Tx,
  table: string,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  for (const row of rows) {
    const columns = Object.keys(row);
    await tx.query(
      `insert into hookledger.${table} (${columns.join(', ')}) values (${columns.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
  }
}

/** Rows of the log need the append lock, as every appender holds it. */
export async function appendRows(
  adminPool: Pool,
  { events, outbox = [] }: Record<'events', readonly EventSeed[]> & { outbox?: readonly Record<string, unknown>[] },
): Promise<void> {
  await withTransaction(adminPool, { tenant: '*' }, async (tx) => {
    await tx.query('select pg_advisory_xact_lock_shared(7283, 1)');
    await insertRows(tx, 'events', events.map(eventRow));
    await insertRows(tx, 'outbox', outbox);
  });
}

export type EventSeed = Readonly<{ position: number } & Record<string, unknown>>;

function eventRow(seed: EventSeed): Record<string, unknown> {
  return {
    event_id: uuid(seed.position),
    type: 'CallEnded',
    schema_version: 1,
    stream_key: `call/retell/acc/live/c${seed.position}`,
    stream_kind: 'call',
    version: 1,
    tenant_id: 'tnt_a',
    provider: 'retell',
    account: 'acc',
    external_id: `c${seed.position}`,
    mode: 'live',
    books: 'platform',
    source_id: 'src_1',
    correlation_id: uuid(1_000_000 + seed.position),
    occurred_at: '2026-03-10T10:00:00Z',
    recorded_at: '2026-03-10T10:00:01Z',
    fold_range: 0,
    data: {},
    ...seed,
  };
}

export function uuid(n: number): string {
  return `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
}
