import type { EventData } from '../../domain/events.ts';
import { datesOfMonth } from '../../domain/month.ts';
import type { Tx } from '../../platform/postgres.ts';

export const PERIOD_EVENTS = ['PeriodCloseRequested', 'PeriodClosed', 'PeriodCloseRefused', 'PeriodReopened'] as const;
export type PeriodEventType = (typeof PERIOD_EVENTS)[number];

export type PeriodEvent = Readonly<{ position: bigint }> &
  { [Type in PeriodEventType]: Readonly<{ type: Type; data: EventData<Type> }> }[PeriodEventType];

/** Folds one step of a period into its tables, in the transaction of the event. Safe to repeat. */
export async function foldPeriodEvent(tx: Tx, event: PeriodEvent): Promise<void> {
  const { position, data } = event;
  const { from, to } = datesOfMonth(data.period);
  await tx.query(
    `insert into hookledger.period_closings
       (position, event_id, period, tz, period_from, period_to, revision, step, cut_off, recorded_at)
     select $1::bigint, e.event_id, $2::text, $3::text, $4::timestamp at time zone $3::text,
       $5::timestamp at time zone $3::text, $6::integer, $7::text, $8::bigint, e.recorded_at
     from hookledger.events e where e.position = $1::bigint
     on conflict on constraint period_closings_pkey do nothing`,
    [position, data.period, data.tz, from, to, data.revision, stepOf(event), cutOffOf(event)],
  );
  await tx.query(
    `insert into hookledger.period_decisions (position, decided_by, reason, waivers, checks, projections, sha256)
     values ($1::bigint, $2::text, $3::text, $4::jsonb, $5::jsonb, $6::jsonb, $7::text)
     on conflict on constraint period_decisions_pkey do nothing`,
    [
      position,
      data.by,
      'reason' in data ? data.reason : null,
      JSON.stringify('waivers' in data ? data.waivers : []),
      JSON.stringify('checks' in data ? data.checks : []),
      JSON.stringify('projections' in data ? data.projections : []),
      'sha256' in data ? data.sha256 : null,
    ],
  );
  if (event.type === 'PeriodClosed') await insertFigures(tx, position, event.data);
}

async function insertFigures(tx: Tx, position: bigint, { figures }: EventData<'PeriodClosed'>): Promise<void> {
  await tx.query(
    `insert into hookledger.period_figures
       (position, line_no, tenant_id, service_period, provider, figure, currency, amount)
     select $1::bigint, f.ordinality, f.value ->> 'tenantId', f.value ->> 'servicePeriod', f.value ->> 'provider',
       f.value ->> 'figure', f.value ->> 'currency', (f.value ->> 'amount')::numeric
     from jsonb_array_elements($2::jsonb) with ordinality f
     on conflict on constraint period_figures_pkey do nothing`,
    [position, JSON.stringify(figures)],
  );
}

function stepOf({ type }: PeriodEvent): string {
  switch (type) {
    case 'PeriodCloseRequested':
      return 'requested';
    case 'PeriodClosed':
      return 'closed';
    case 'PeriodCloseRefused':
      return 'refused';
    case 'PeriodReopened':
      return 'reopened';
  }
}

/** A request is its own cut-off. */
function cutOffOf(event: PeriodEvent): bigint {
  return event.type === 'PeriodCloseRequested' ? event.position : BigInt(event.data.cutOff);
}
