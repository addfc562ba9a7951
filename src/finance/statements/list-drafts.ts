import { datesOfMonth } from '../../domain/month.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { AsOf } from '../as-of.ts';
import { readFlatFees } from '../flat-fees.ts';
import type { Model } from '../read-models.ts';
import { resolveRange } from '../time-range.ts';
import { pricedRows } from '../usage-rows.ts';
import { chooseUsageSource } from '../usage-source.ts';

export type DraftKey = Readonly<{ tenantId: string; currency: string }>;

/** Who has charges in a month and no statement of it issued, in the order of tenant and currency. */
export async function listDrafts(
  tx: Tx,
  {
    model,
    period,
    tz,
    asOf,
    tenantIds,
  }: { model: Model; period: string; tz: string; asOf: AsOf; tenantIds?: readonly string[] | undefined },
): Promise<readonly DraftKey[]> {
  const { from, to } = datesOfMonth(period);
  const range = await resolveRange(tx, { from: { date: from }, to: { date: to }, tz, now: asOf.recordedAt });
  const fees = await readFlatFees(tx, { range, asOf, tz, tenantIds });
  const used = pricedRows(chooseUsageSource(model, asOf, [range.from, range.to]), {
    scope: (at) => `mode = 'live' and books = 'platform' and ${at} >= $1::timestamptz and ${at} < $2::timestamptz
      and ($4::text[] is null or tenant_id = any ($4::text[]))`,
    position: '$3::bigint',
  });
  const { rows } = await tx.query<DraftKey>(
    `select k.tenant_id as "tenantId", k.currency
     from (
       select l.tenant_id, coalesce(nullif(l.rated_currency, ''), p.currency) collate "C" as currency
       from (${used}) l
       join hookledger.price_plans p on p.plan_id = l.plan_id
       union
       select tenant_id, currency collate "C" from unnest($5::text[], $6::text[]) fee (tenant_id, currency)
     ) k
     where not exists (
       select from hookledger.statement_steps s
       where s.step = 'issued' and s.tenant_id = k.tenant_id and s.period = $7::text and s.currency = k.currency
         and s.position <= $3::bigint)
     order by k.tenant_id, k.currency`,
    [
      range.from,
      range.to,
      asOf.position,
      tenantIds ?? null,
      fees.map(({ tenantId }) => tenantId),
      fees.map(({ currency }) => currency),
      period,
    ],
  );
  return rows;
}
