import type { Tx } from '../platform/postgres.ts';
import type { Models } from './read-models.ts';
import { tableOf } from './read-models.ts';

export type StoryUsageLine = Readonly<{
  position: string;
  eventId: string;
  factKey: string;
  cause: string;
  kind: 'usage' | 'cost';
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  books: string;
  meter: string;
  unit: string;
  occurredAt: Date;
  quantity: string;
  cost: string;
  costCurrency: string;
  rated: string;
  ratedCurrency: string;
  planId: string | null;
  unpriced: number;
}>;

export type StoryPaymentLine = Readonly<{
  position: string;
  eventId: string;
  kind: 'payment' | 'refund';
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  books: string;
  settledAt: Date;
  amount: string;
  currency: string;
}>;

export type StoryInvoiceLine = Readonly<{
  position: string;
  eventId: string;
  tenantId: string;
  provider: string;
  mode: 'live' | 'test';
  books: string;
  issuedAt: Date;
  net: string;
  tax: string;
  currency: string;
}>;

/** The lines that events caused, by read model. */
export type StoryLines = Readonly<{
  usage: readonly StoryUsageLine[];
  payments: readonly StoryPaymentLine[];
  invoices: readonly StoryInvoiceLine[];
}>;

export async function listLines(tx: Tx, models: Models, positions: readonly string[]): Promise<StoryLines> {
  return {
    usage: await listUsageLines(tx, models, positions),
    payments: await listPaymentLines(tx, models, positions),
    invoices: await listInvoiceLines(tx, models, positions),
  };
}

async function listUsageLines(
  tx: Tx,
  { usage }: Models,
  positions: readonly string[],
): Promise<readonly StoryUsageLine[]> {
  const { rows } = await tx.query<StoryUsageLine>(
    `select position, event_id as "eventId", fact_key as "factKey", cause, kind, tenant_id as "tenantId", provider, mode,
       books, meter, unit, occurred_at as "occurredAt", trim_scale(quantity)::text as quantity,
       trim_scale(cost)::text as cost, cost_currency as "costCurrency", trim_scale(rated)::text as rated,
       rated_currency as "ratedCurrency", plan_id as "planId", unpriced
     from ${tableOf('usage_lines', usage)}
     where position = any ($1::bigint[])
     order by position, line_no limit 500`,
    [positions],
  );
  return rows;
}

async function listPaymentLines(
  tx: Tx,
  { payments }: Models,
  positions: readonly string[],
): Promise<readonly StoryPaymentLine[]> {
  const { rows } = await tx.query<StoryPaymentLine>(
    `select position, event_id as "eventId", kind, tenant_id as "tenantId", provider, mode, books,
       settled_at as "settledAt", trim_scale(amount)::text as amount, currency
     from ${tableOf('payment_lines', payments)}
     where position = any ($1::bigint[])
     order by position, line_no limit 500`,
    [positions],
  );
  return rows;
}

async function listInvoiceLines(
  tx: Tx,
  { invoices }: Models,
  positions: readonly string[],
): Promise<readonly StoryInvoiceLine[]> {
  const { rows } = await tx.query<StoryInvoiceLine>(
    `select position, event_id as "eventId", tenant_id as "tenantId", provider, mode, books, issued_at as "issuedAt",
       trim_scale(net)::text as net, trim_scale(tax)::text as tax, currency
     from ${tableOf('invoice_lines', invoices)}
     where position = any ($1::bigint[])
     order by position, line_no limit 500`,
    [positions],
  );
  return rows;
}

/** Which event a fact takes its values from, of those that reported it. */
export type StoryFact = Readonly<{ factKey: string; winningEventId: string; differingReports: number }>;

/** Usage and cost facts that the model has folded. */
export async function listFacts(tx: Tx, { usage }: Models, factKeys: readonly string[]): Promise<readonly StoryFact[]> {
  const { rows } = await tx.query<StoryFact>(
    `select fact_key as "factKey", event_id as "winningEventId", differing_reports as "differingReports"
     from ${tableOf('usage_facts', usage)} where fact_key = any ($1::text[])`,
    [factKeys],
  );
  return rows;
}
