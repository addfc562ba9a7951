import type { Books, Mode } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { UsageFact } from './usage-fact.ts';
import { versionTable } from './version-table.ts';

type UsageFactRow = Readonly<{
  fact_key: string;
  kind: 'usage' | 'cost';
  stream_key: string;
  tenant_id: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  meter: string;
  unit: string;
  direction: string | null;
  channel: string | null;
  occurred_at: Date;
  fact_rank: number;
  provider_time: Date;
  position: string;
  event_id: string;
  first_position: string;
  tenant_since: string;
  quantity: string | null;
  cost: string | null;
  cost_currency: string | null;
  rated: string | null;
  rated_currency: string | null;
  plan_id: string | null;
  priced_by: UsageFact['pricedBy'];
  component_no: number | null;
  is_retired: boolean;
  is_cost_final: boolean;
  estimate_cost: string | null;
  estimate_currency: string | null;
  estimate_rated: string | null;
  estimate_rated_currency: string | null;
  estimate_plan_id: string | null;
  estimate_component_no: number | null;
  rate_position: string | null;
  differing_reports: number;
  call_id: string | null;
}>;

/** All facts of these streams. */
export async function loadUsageFacts(
  tx: Tx,
  version: number,
  streamKeys: readonly string[],
): Promise<readonly UsageFact[]> {
  const { rows } = await tx.query<UsageFactRow>({
    name: `load-usage-facts-v${version}`,
    text: `select * from ${versionTable('usage_facts', version)} where stream_key = any ($1::text[])`,
    values: [streamKeys],
  });
  return rows.map(usageFact);
}

/** A page of facts by time and key: what comes after the last fact of the page before. */
export type UsageFactPage = Readonly<{ after: Pick<UsageFact, 'occurredAt' | 'factKey'>; limit: number }>;

/** With `reprice` all of the tenant, else only those that have no price. */
export async function loadTenantUsageFacts(
  tx: Tx,
  version: number,
  { tenantId, reprice, ...page }: UsageFactPage & Readonly<{ tenantId: string; reprice: boolean }>,
): Promise<readonly UsageFact[]> {
  const { rows } = await tx.query<UsageFactRow>(
    `select * from ${versionTable('usage_facts', version)}
     where tenant_id = $1::text and (occurred_at, fact_key) > ($2::timestamptz, $3::text collate "C")
       and ($4::boolean or plan_id is null)
     order by occurred_at, fact_key
     limit $5::integer`,
    [tenantId, page.after.occurredAt, page.after.factKey, reprice, page.limit],
  );
  return rows.map(usageFact);
}

/** Only usage whose cost the provider has not reported: nothing else has a rate. Without `reprice`, not what has one. */
export async function loadMeterUsageFacts(
  tx: Tx,
  version: number,
  {
    provider,
    meter,
    reprice,
    ...page
  }: UsageFactPage & Readonly<{ provider: string; meter: string; reprice: boolean }>,
): Promise<readonly UsageFact[]> {
  const { rows } = await tx.query<UsageFactRow>(
    `select * from ${versionTable('usage_facts', version)}
     where kind = 'usage' and not is_cost_final and provider = $1::text and meter = $2::text
       and (occurred_at, fact_key) > ($3::timestamptz, $4::text collate "C")
       and ($5::boolean or rate_position is null)
     order by occurred_at, fact_key
     limit $6::integer`,
    [provider, meter, page.after.occurredAt, page.after.factKey, reprice, page.limit],
  );
  return rows.map(usageFact);
}

/** Inserts or replaces, in key order. */
export async function writeUsageFacts(tx: Tx, version: number, facts: readonly UsageFact[]): Promise<void> {
  if (facts.length === 0) return;
  const table = versionTable('usage_facts', version);
  await tx.query({
    name: `write-usage-facts-v${version}`,
    text: `insert into ${table}
     select * from json_populate_recordset(null::${table}, $1::json) order by fact_key
     on conflict (fact_key) do update set
       kind = excluded.kind, tenant_id = excluded.tenant_id, provider = excluded.provider, account = excluded.account, mode = excluded.mode,
       books = excluded.books, meter = excluded.meter, unit = excluded.unit, direction = excluded.direction,
       channel = excluded.channel, occurred_at = excluded.occurred_at,
       fact_rank = excluded.fact_rank, provider_time = excluded.provider_time, position = excluded.position,
       event_id = excluded.event_id, tenant_since = excluded.tenant_since, quantity = excluded.quantity, cost = excluded.cost,
       cost_currency = excluded.cost_currency, rated = excluded.rated, rated_currency = excluded.rated_currency,
       plan_id = excluded.plan_id, priced_by = excluded.priced_by, component_no = excluded.component_no, is_retired = excluded.is_retired, is_cost_final = excluded.is_cost_final, estimate_cost = excluded.estimate_cost,
       estimate_currency = excluded.estimate_currency, estimate_rated = excluded.estimate_rated,
       estimate_rated_currency = excluded.estimate_rated_currency, estimate_plan_id = excluded.estimate_plan_id,
       estimate_component_no = excluded.estimate_component_no,
       rate_position = excluded.rate_position, differing_reports = excluded.differing_reports`,
    values: [JSON.stringify(facts.map(usageFactRow))],
  });
}

function usageFact(row: UsageFactRow): UsageFact {
  return {
    factKey: row.fact_key,
    kind: row.kind,
    streamKey: row.stream_key,
    tenantId: row.tenant_id,
    provider: row.provider,
    account: row.account,
    mode: row.mode,
    books: row.books,
    meter: row.meter,
    unit: row.unit,
    direction: row.direction,
    channel: row.channel,
    occurredAt: row.occurred_at,
    rank: row.fact_rank,
    providerTime: row.provider_time,
    position: BigInt(row.position),
    eventId: row.event_id,
    firstPosition: BigInt(row.first_position),
    tenantSince: BigInt(row.tenant_since),
    quantity: row.quantity,
    cost: money(row.cost, row.cost_currency),
    rated: money(row.rated, row.rated_currency),
    planId: row.plan_id,
    pricedBy: row.priced_by,
    componentNo: row.component_no,
    isRetired: row.is_retired,
    isCostFinal: row.is_cost_final,
    estimate: estimate(row),
    differingReports: row.differing_reports,
  };
}

function estimate(row: UsageFactRow): UsageFact['estimate'] {
  const cost = money(row.estimate_cost, row.estimate_currency);
  if (cost === null || row.rate_position === null) return null;
  return {
    cost,
    ratePosition: BigInt(row.rate_position),
    rated: money(row.estimate_rated, row.estimate_rated_currency),
    planId: row.estimate_plan_id,
    pricedBy: row.estimate_plan_id === null ? null : 'fact',
    componentNo: row.estimate_component_no,
  };
}

function money(amount: string | null, currency: string | null): UsageFact['cost'] {
  return amount === null || currency === null ? null : { amount, currency };
}

export function usageFactRow(fact: UsageFact): Record<keyof UsageFactRow, unknown> {
  return {
    fact_key: fact.factKey,
    kind: fact.kind,
    stream_key: fact.streamKey,
    tenant_id: fact.tenantId,
    provider: fact.provider,
    account: fact.account,
    mode: fact.mode,
    books: fact.books,
    meter: fact.meter,
    unit: fact.unit,
    direction: fact.direction,
    channel: fact.channel,
    occurred_at: fact.occurredAt,
    fact_rank: fact.rank,
    provider_time: fact.providerTime,
    position: String(fact.position),
    event_id: fact.eventId,
    first_position: String(fact.firstPosition),
    tenant_since: String(fact.tenantSince),
    quantity: fact.quantity,
    cost: fact.cost?.amount ?? null,
    cost_currency: fact.cost?.currency ?? null,
    rated: fact.rated?.amount ?? null,
    rated_currency: fact.rated?.currency ?? null,
    plan_id: fact.planId,
    priced_by: fact.pricedBy,
    component_no: fact.componentNo,
    is_retired: fact.isRetired,
    is_cost_final: fact.isCostFinal,
    estimate_cost: fact.estimate?.cost.amount ?? null,
    estimate_currency: fact.estimate?.cost.currency ?? null,
    estimate_rated: fact.estimate?.rated?.amount ?? null,
    estimate_rated_currency: fact.estimate?.rated?.currency ?? null,
    estimate_plan_id: fact.estimate?.planId ?? null,
    estimate_component_no: fact.estimate?.componentNo ?? null,
    rate_position: fact.estimate === null ? null : String(fact.estimate.ratePosition),
    differing_reports: fact.differingReports,
    call_id: callIdOf(fact),
  };
}

/** As in the key, so that a link, which does not know the account, finds the facts of its leg. */
function callIdOf({ streamKey }: UsageFact): string | null {
  const [kind, , , , externalId] = streamKey.split('/');
  return kind === 'call' ? (externalId ?? null) : null;
}
