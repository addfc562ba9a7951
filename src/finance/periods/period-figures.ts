import { createHash } from 'node:crypto';
import type { EventData } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { AsOf } from '../as-of.ts';
import { readAccruals } from '../accruals.ts';
import type { Models } from '../read-models.ts';
import type { Range } from '../time-range.ts';
import { lateLines } from './late-lines.ts';
import { moneyLines } from './money-lines.ts';

export type PeriodFigure = EventData<'PeriodClosed'>['figures'][number];

/**
 * What a month has as of a position: its own facts, and the late facts of earlier closed months that are booked in it.
 * In the order of tenant, service period, provider, figure and currency; a figure of nothing is left out.
 */
export async function readPeriodFigures(
  tx: Tx,
  { models, period, range, asOf }: { models: Models; period: string; range: Range; asOf: AsOf },
): Promise<readonly PeriodFigure[]> {
  const accruals = await readAccruals(tx, { model: models.usage, filter: { mode: 'live', range, asOf } });
  const sources = moneyLines(models, OURS);
  const { rows } = await tx.query<PeriodFigure>(
    `with accrual as (
       select * from json_to_recordset($5::json) a (tenant_id text, provider text, currency text, amount numeric)
     ),
     ${sources
       .map(
         ({ name, lines, time }) =>
           `own_${name} as (select * from (${lines}) l where ${time} >= $1::timestamptz and ${time} < $2::timestamptz),
          booked_${name} as (
            with ${lateLines({ lines, time, asOf: '$4::bigint' })}
            select * from late where booked_at >= $1::timestamptz and booked_at < $2::timestamptz
          )`,
       )
       .join(',\n')},
     amount as (
       ${sources
         .map(
           ({
             name,
           }) => `select $3::text as service_period, tenant_id, provider, figure, currency, amount from own_${name}
          union all
          select service_period, tenant_id, provider, figure, currency, amount from booked_${name}`,
         )
         .join('\nunion all\n')}
       union all
       select $3::text, tenant_id, provider, 'rated', currency, amount from accrual
     )
     select tenant_id as "tenantId", service_period as "servicePeriod", provider, figure, currency,
       trim_scale(sum(amount))::text as amount
     from amount
     group by tenant_id, service_period, provider, figure, currency
     having sum(amount) <> 0
     order by tenant_id, service_period, provider collate "C", figure collate "C", currency collate "C"`,
    [
      range.from,
      range.to,
      period,
      asOf.position,
      JSON.stringify(accruals.map(({ tenantId, ...accrual }) => ({ tenant_id: tenantId, ...accrual }))),
    ],
  );
  return rows;
}

/** SHA-256 of the figures as JSON, in their order: whoever computes them again gets the same. */
export function digestFigures(figures: readonly PeriodFigure[]): string {
  const canonical = figures.map(({ tenantId, servicePeriod, provider, figure, currency, amount }) => [
    tenantId,
    servicePeriod,
    provider,
    figure,
    currency,
    amount,
  ]);
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex');
}

const OURS = `mode = 'live' and books = 'platform' and position <= $4::bigint`;
