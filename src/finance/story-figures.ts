import type { Tx } from '../platform/postgres.ts';
import type { Models } from './read-models.ts';
import { COLLECTED_KINDS, tableOf } from './read-models.ts';
import type { StoryLines } from './story-lines.ts';

/** A figure as finance sees it today, which a line went into: of one tenant, provider and day (UTC). */
export type StoryFigure = Readonly<{
  figure: 'usage' | 'cost' | 'billed' | 'collected';
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  day: string;
  /** Of usage and cost; null for the others. */
  meter: string | null;
  unit: string | null;
  /** A quantity of `unit` for usage, else an amount of `currency`. */
  value: string;
  currency: string | null;
}>;

/** Only the platform's own books make figures. */
export async function readFigures(tx: Tx, models: Models, lines: StoryLines): Promise<readonly StoryFigure[]> {
  return [
    ...(await readUsageFigures(tx, models, lines)),
    ...(await readInvoiceFigures(tx, models, lines)),
    ...(await readPaymentFigures(tx, models, lines)),
  ];
}

async function readUsageFigures(tx: Tx, { usage }: Models, lines: StoryLines): Promise<readonly StoryFigure[]> {
  const counted = lines.usage.filter(({ books }) => books === 'platform');
  const { rows } = await tx.query<StoryFigure>(
    `with days as (
       select distinct tenant_id collate "C" as tenant_id, provider, mode, kind, meter, unit,
         date_trunc('day', occurred_at, 'UTC') as day
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
         line (tenant_id, provider, mode, kind, meter, unit, occurred_at)
     )
     select d.kind as figure, d.tenant_id as "tenantId", d.provider, d.mode,
       to_char(d.day at time zone 'UTC', 'YYYY-MM-DD') as day, d.meter, d.unit,
       trim_scale(sum(case d.kind when 'usage' then s.quantity else s.cost end))::text as value,
       case d.kind when 'cost' then s.cost_currency end as currency
     from days d
     join ${tableOf('usage_sums', usage)} s on s.tenant_id = d.tenant_id and s.mode = d.mode and s.books = 'platform'
       and s.provider = d.provider and s.kind = d.kind and s.meter = d.meter and s.unit = d.unit
       and s.bucket >= d.day and s.bucket < d.day + interval '24 hours'
     where d.kind = 'usage' or s.cost_currency <> ''
     group by d.kind, d.tenant_id, d.provider, d.mode, d.day, d.meter, d.unit,
       case d.kind when 'cost' then s.cost_currency end
     order by d.kind desc, d.day, d.tenant_id, d.meter, currency`,
    [
      counted.map(({ tenantId }) => tenantId),
      counted.map(({ provider }) => provider),
      counted.map(({ mode }) => mode),
      counted.map(({ kind }) => kind),
      counted.map(({ meter }) => meter),
      counted.map(({ unit }) => unit),
      counted.map(({ occurredAt }) => occurredAt),
    ],
  );
  return rows;
}

async function readInvoiceFigures(tx: Tx, { invoices }: Models, lines: StoryLines): Promise<readonly StoryFigure[]> {
  const { rows } = await tx.query<StoryFigure>(
    dailySum({ table: tableOf('invoice_lines', invoices), figure: 'billed', amount: 'net', time: 'issued_at' }),
    dailyValues(lines.invoices.map((line) => ({ ...line, at: line.issuedAt }))),
  );
  return rows;
}

async function readPaymentFigures(tx: Tx, { payments }: Models, lines: StoryLines): Promise<readonly StoryFigure[]> {
  const { rows } = await tx.query<StoryFigure>(
    dailySum({
      table: `(select * from ${tableOf('payment_lines', payments)} where kind in ${COLLECTED_KINDS})`,
      figure: 'collected',
      amount: 'amount',
      time: 'settled_at',
    }),
    dailyValues(lines.payments.map((line) => ({ ...line, at: line.settledAt }))),
  );
  return rows;
}

function dailySum({ table, figure, amount, time }: Record<'table' | 'figure' | 'amount' | 'time', string>): string {
  return `
    with days as (
      select distinct tenant_id collate "C" as tenant_id, provider, mode, currency, date_trunc('day', at, 'UTC') as day
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
        line (tenant_id, provider, mode, currency, at)
    )
    select '${figure}' as figure, d.tenant_id as "tenantId", d.provider, d.mode,
      to_char(d.day at time zone 'UTC', 'YYYY-MM-DD') as day, null as meter, null as unit,
      trim_scale(sum(l.${amount}))::text as value, d.currency
    from days d
    join ${table} l on l.tenant_id = d.tenant_id and l.mode = d.mode and l.books = 'platform' and l.provider = d.provider
      and l.currency = d.currency and l.${time} >= d.day and l.${time} < d.day + interval '24 hours'
    group by d.tenant_id, d.provider, d.mode, d.currency, d.day
    order by d.day, d.tenant_id, d.currency`;
}

type DailyLine = Readonly<{
  tenantId: string;
  provider: string;
  mode: string;
  books: string;
  currency: string;
  at: Date;
}>;

function dailyValues(lines: readonly DailyLine[]): unknown[] {
  const counted = lines.filter(({ books }) => books === 'platform');
  return [
    counted.map(({ tenantId }) => tenantId),
    counted.map(({ provider }) => provider),
    counted.map(({ mode }) => mode),
    counted.map(({ currency }) => currency),
    counted.map(({ at }) => at),
  ];
}
