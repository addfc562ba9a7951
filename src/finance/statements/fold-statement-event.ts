import type { EventData } from '../../domain/events.ts';
import { datesOfMonth } from '../../domain/month.ts';
import type { Tx } from '../../platform/postgres.ts';

export type StatementEventType =
  'StatementIssueRequested' | 'StatementIssued' | 'StatementIssueRefused' | 'StatementInvoiceLinked';
export type StatementEvent = Readonly<{ position: bigint }> &
  { [Type in StatementEventType]: Readonly<{ type: Type; data: EventData<Type> }> }[StatementEventType];

const STEPS: Readonly<Record<StatementEventType, string>> = {
  StatementIssueRequested: 'requested',
  StatementIssued: 'issued',
  StatementIssueRefused: 'refused',
  StatementInvoiceLinked: 'linked',
};

/** Folds one step of a statement into its table, in the transaction of the event. Safe to repeat. */
export async function foldStatementEvent(tx: Tx, event: StatementEvent): Promise<void> {
  const { position, data } = event;
  const { from, to } = datesOfMonth(data.period);
  const issued = event.type === 'StatementIssued' ? event.data : undefined;
  const linked = event.type === 'StatementInvoiceLinked' ? event.data : undefined;
  await tx.query(
    `insert into hookledger.statement_steps
       (position, event_id, statement_id, tenant_id, step, period, tz, period_from, period_to, currency, cut_off, number,
        exact, amount, sha256, invoice_provider, invoice_account, invoice_id, data, recorded_at)
     select $1::bigint, e.event_id, $2::text, $3::text, $4::text, $5::text, $6::text,
       $7::timestamp at time zone $6::text, $8::timestamp at time zone $6::text, $9::text, $10::bigint, $11::text,
       $12::numeric, $13::numeric, $14::text, $15::text, $16::text, $17::text, $18::jsonb, e.recorded_at
     from hookledger.events e where e.position = $1::bigint
     on conflict on constraint statement_steps_pkey do nothing`,
    [
      position,
      data.statementId,
      data.tenantId,
      STEPS[event.type],
      data.period,
      data.tz,
      from,
      to,
      data.currency,
      'cutOff' in data ? data.cutOff : position,
      issued?.number ?? null,
      issued?.totals.exact ?? null,
      issued?.totals.amount ?? null,
      issued?.sha256 ?? null,
      linked?.provider ?? null,
      linked?.account ?? null,
      linked?.invoiceId ?? null,
      JSON.stringify(data),
    ],
  );
}
