import type { Books, Mode } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { UsageFact } from './usage-fact.ts';

type UsageFactRow = Readonly<{
  fact_key: string;
  kind: 'usage' | 'cost';
  stream_key: string;
  tenant_id: string;
  provider: string;
  mode: Mode;
  books: Books;
  meter: string;
  unit: string;
  occurred_at: Date;
  fact_rank: number;
  provider_time: Date;
  position: string;
  event_id: string;
  quantity: string | null;
  cost: string | null;
  cost_currency: string | null;
  rated: string | null;
  rated_currency: string | null;
  plan_id: string | null;
  differing_reports: number;
}>;

/** The facts with these keys, and all facts of these streams. */
export async function loadUsageFacts(
  tx: Tx,
  wanted: { factKeys: readonly string[]; streamKeys: readonly string[] },
): Promise<readonly UsageFact[]> {
  const { rows } = await tx.query<UsageFactRow>(
    `select * from hookledger.usage_facts_v1
     where fact_key = any ($1::text[]) or stream_key = any ($2::text[])`,
    [wanted.factKeys, wanted.streamKeys],
  );
  return rows.map(usageFact);
}

/** One page of a tenant's facts, by time and key. */
export async function loadTenantUsageFacts(
  tx: Tx,
  page: { tenantId: string; after: Pick<UsageFact, 'occurredAt' | 'factKey'>; limit: number },
): Promise<readonly UsageFact[]> {
  const { rows } = await tx.query<UsageFactRow>(
    `select * from hookledger.usage_facts_v1
     where tenant_id = $1::text and (occurred_at, fact_key) > ($2::timestamptz, $3::text collate "C")
     order by occurred_at, fact_key
     limit $4::integer`,
    [page.tenantId, page.after.occurredAt, page.after.factKey, page.limit],
  );
  return rows.map(usageFact);
}

/** Inserts or replaces, in key order. */
export async function writeUsageFacts(tx: Tx, facts: readonly UsageFact[]): Promise<void> {
  if (facts.length === 0) return;
  await tx.query(
    `insert into hookledger.usage_facts_v1
     select * from json_populate_recordset(null::hookledger.usage_facts_v1, $1::json) order by fact_key
     on conflict on constraint usage_facts_v1_pkey do update set
       kind = excluded.kind, tenant_id = excluded.tenant_id, provider = excluded.provider, mode = excluded.mode,
       books = excluded.books, meter = excluded.meter, unit = excluded.unit, occurred_at = excluded.occurred_at,
       fact_rank = excluded.fact_rank, provider_time = excluded.provider_time, position = excluded.position,
       event_id = excluded.event_id, quantity = excluded.quantity, cost = excluded.cost,
       cost_currency = excluded.cost_currency, rated = excluded.rated, rated_currency = excluded.rated_currency,
       plan_id = excluded.plan_id, differing_reports = excluded.differing_reports`,
    [JSON.stringify(facts.map(usageFactRow))],
  );
}

function usageFact(row: UsageFactRow): UsageFact {
  return {
    factKey: row.fact_key,
    kind: row.kind,
    streamKey: row.stream_key,
    tenantId: row.tenant_id,
    provider: row.provider,
    mode: row.mode,
    books: row.books,
    meter: row.meter,
    unit: row.unit,
    occurredAt: row.occurred_at,
    rank: row.fact_rank,
    providerTime: row.provider_time,
    position: BigInt(row.position),
    eventId: row.event_id,
    quantity: row.quantity,
    cost: money(row.cost, row.cost_currency),
    rated: money(row.rated, row.rated_currency),
    planId: row.plan_id,
    differingReports: row.differing_reports,
  };
}

function money(amount: string | null, currency: string | null): UsageFact['cost'] {
  return amount === null || currency === null ? null : { amount, currency };
}

function usageFactRow(fact: UsageFact): Record<keyof UsageFactRow, unknown> {
  return {
    fact_key: fact.factKey,
    kind: fact.kind,
    stream_key: fact.streamKey,
    tenant_id: fact.tenantId,
    provider: fact.provider,
    mode: fact.mode,
    books: fact.books,
    meter: fact.meter,
    unit: fact.unit,
    occurred_at: fact.occurredAt,
    fact_rank: fact.rank,
    provider_time: fact.providerTime,
    position: String(fact.position),
    event_id: fact.eventId,
    quantity: fact.quantity,
    cost: fact.cost?.amount ?? null,
    cost_currency: fact.cost?.currency ?? null,
    rated: fact.rated?.amount ?? null,
    rated_currency: fact.rated?.currency ?? null,
    plan_id: fact.planId,
    differing_reports: fact.differingReports,
  };
}
