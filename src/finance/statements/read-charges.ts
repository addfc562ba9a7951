import type { PricePlan } from '../../domain/pricing.ts';
import { pricePlanComponent } from '../../domain/pricing.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { AsOf } from '../as-of.ts';
import { readFlatFees } from '../flat-fees.ts';
import type { FlatFee } from '../flat-fees.ts';
import type { Model } from '../read-models.ts';
import type { Range } from '../time-range.ts';
import { pricedRows } from '../usage-rows.ts';
import { chooseUsageSource } from '../usage-source.ts';

/** What a tenant used or caused of one kind within a range, under one plan; a price of its own has `rated`. */
export type Charge = Readonly<{
  kind: 'usage' | 'cost';
  planId: string;
  /** The component that priced it. */
  componentNo: number;
  pricedBy: 'fact' | 'aggregate';
  provider: string;
  meter: string;
  unit: string;
  quantity: string;
  /** Exact; 0 where only the month's quantity tells. */
  rated: string;
  currency: string;
  facts: number;
}>;

export type Charges = Readonly<{
  charges: readonly Charge[];
  fees: readonly FlatFee[];
  plans: ReadonlyMap<string, PricePlan>;
  /** Usage facts that no plan speaks of. */
  unpriced: number;
}>;

type Question = Readonly<{ model: Model; tenantId: string; range: Range; tz: string; asOf: AsOf }>;

/** Everything that a tenant is charged for within a range, as of a position. In one order, whatever the database. */
export async function readCharges(tx: Tx, question: Question): Promise<Charges> {
  const { tenantId, range, tz, asOf } = question;
  const charges = await readPriced(tx, question);
  const fees = await readFlatFees(tx, { range, asOf, tz, tenantIds: [tenantId] });
  return {
    charges,
    fees,
    plans: await readPlans(tx, [...charges.map(({ planId }) => planId), ...fees.map(({ planId }) => planId)]),
    unpriced: await countUnpriced(tx, question),
  };
}

/** A sub-select of all that the tenant used in the range; its parameters are `valuesOf`. */
function usedRows({ model, asOf, range }: Question): string {
  return pricedRows(chooseUsageSource(model, asOf, [range.from, range.to]), {
    scope: (at) => `tenant_id = $1::text and mode = 'live' and books = 'platform' and ${at} >= $2::timestamptz
      and ${at} < $3::timestamptz`,
    position: '$4::bigint',
  });
}

function valuesOf({ tenantId, range, asOf }: Question): unknown[] {
  return [tenantId, range.from, range.to, asOf.position];
}

async function readPriced(tx: Tx, question: Question): Promise<readonly Charge[]> {
  const { rows } = await tx.query<Charge>(
    `select * from (
     select l.kind, l.plan_id as "planId", l.component_no as "componentNo", l.priced_by as "pricedBy", l.provider, l.meter,
       l.unit, trim_scale(sum(l.quantity))::text as quantity, trim_scale(sum(l.rated))::text as rated,
       coalesce(nullif(l.rated_currency, ''), p.currency) as currency, sum(l.facts)::integer as facts
     from (${usedRows(question)}) l
     join hookledger.price_plans p on p.plan_id = l.plan_id
     group by 1, 2, 3, 4, 5, 6, 7, 10
     having sum(l.quantity) <> 0 or sum(l.rated) <> 0
     ) charge
     order by kind desc, "planId" collate "C", "componentNo", provider collate "C", meter collate "C", unit collate "C",
       currency collate "C"`,
    valuesOf(question),
  );
  return rows;
}

async function countUnpriced(tx: Tx, question: Question): Promise<number> {
  const { rows } = await tx.query<{ unpriced: number }>(
    `select coalesce(sum(unpriced), 0)::integer as unpriced from (${usedRows(question)}) used`,
    valuesOf(question),
  );
  return rows[0]?.unpriced ?? 0;
}

async function readPlans(tx: Tx, planIds: readonly string[]): Promise<ReadonlyMap<string, PricePlan>> {
  const { rows } = await tx.query<{ planId: string; currency: string; components: unknown }>(
    `select plan_id as "planId", currency, components from hookledger.price_plans where plan_id = any ($1::text[])`,
    [[...new Set(planIds)]],
  );
  return new Map(
    rows.map(({ planId, currency, components }) => [
      planId,
      { planId, currency, components: pricePlanComponent.array().parse(components) },
    ]),
  );
}
