import type { Money } from '../domain/currency.ts';
import type { Mode } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { AsOf } from './as-of.ts';
import type { Model } from './read-models.ts';
import { latestSelect, tableOf } from './read-models.ts';

export const PAYMENT_STATUSES = ['pending', 'failed', 'succeeded', 'partially_refunded', 'refunded'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export type PaymentRow = Readonly<{
  streamKey: string;
  /** Of the event that last touched it; unique, and what the list is ordered by. */
  position: string;
  paymentId: string;
  tenantId: string;
  provider: string;
  account: string;
  status: PaymentStatus;
  gross: string;
  refunded: string;
  /** What is collected: gross less refunded. */
  net: string;
  /** Beside what is collected: withdrawn by disputes less reinstated, and what the provider kept for them. */
  disputed: string;
  fees: string;
  /** net − disputed − fees; null where any of it is in another currency. */
  netCash: string | null;
  /** Null while only events without an amount are known. */
  currency: string | null;
  customerId: string | null;
  invoiceIds: readonly string[];
  settledAt: Date | null;
  failedAttempts: number;
  failureCode: string | null;
  differingReports: number;
}>;

export type PaymentQuery = Readonly<{
  model: Model;
  asOf: AsOf;
  mode: Mode;
  tenantIds?: readonly string[] | undefined;
  providers?: readonly string[] | undefined;
  statuses?: readonly PaymentStatus[] | undefined;
  currency?: string | undefined;
  /** By settlement; either bound leaves out what is not settled. */
  settledFrom?: Date | undefined;
  settledTo?: Date | undefined;
  after?: string | undefined;
  limit: number;
}>;

/** Each payment once, as its row with the greatest position at or below `asOf`; the one that changed last comes first. */
export async function readPayments(tx: Tx, query: PaymentQuery): Promise<readonly PaymentRow[]> {
  const { rows } = await tx.query<PaymentRow>(
    `select stream_key as "streamKey", position, payment_id as "paymentId", tenant_id as "tenantId", provider, account,
       status, trim_scale(amount)::text as gross, trim_scale(refunded)::text as refunded,
       trim_scale(case when status in ('pending', 'failed') then 0 else amount - refunded end)::text as net,
       trim_scale(disputed)::text as disputed, trim_scale(fees)::text as fees, trim_scale(net_cash)::text as "netCash",
       currency,
       customer_id as "customerId", invoice_ids as "invoiceIds", settled_at as "settledAt",
       failed_attempts as "failedAttempts", failure_code as "failureCode", differing_reports as "differingReports"
     from (${paymentSelect(query.model)}) p
     where $9::bigint is null or position < $9::bigint
     order by position desc
     limit $10::integer`,
    [...paymentValues(query), query.after ?? null, query.limit],
  );
  return rows;
}

export type PaymentTotals = Readonly<{
  /** Money that arrived, before refunds, by currency. */
  gross: readonly Money[];
  refunded: readonly Money[];
  net: readonly Money[];
}>;

/** Over all pages. What is pending or failed is no money. */
export async function readPaymentTotals(tx: Tx, query: Omit<PaymentQuery, 'after' | 'limit'>): Promise<PaymentTotals> {
  const { rows } = await tx.query<{ currency: string; gross: string; refunded: string; net: string }>(
    `select currency, trim_scale(sum(amount))::text as gross, trim_scale(sum(refunded))::text as refunded,
       trim_scale(sum(amount - refunded))::text as net
     from (${paymentSelect(query.model)}) p
     where status not in ('pending', 'failed') and currency is not null
     group by currency
     order by currency`,
    paymentValues(query),
  );
  return {
    gross: rows.map(({ gross, currency }) => ({ amount: gross, currency })),
    refunded: rows.map(({ refunded, currency }) => ({ amount: refunded, currency })),
    net: rows.map(({ net, currency }) => ({ amount: net, currency })),
  };
}

function paymentSelect(model: Model): string {
  return `
    select * from (${latestSelect(tableOf('payments', model), { key: 'thing', upTo: '$1::bigint' })}) p
    where mode = $2::text and books = 'platform'
      and ($3::text[] is null or tenant_id = any ($3::text[]))
      and ($4::text[] is null or provider = any ($4::text[]))
      and ($5::text[] is null or status = any ($5::text[]))
      and ($6::text is null or currency = $6::text)
      and ($7::timestamptz is null or settled_at >= $7::timestamptz)
      and ($8::timestamptz is null or settled_at < $8::timestamptz)`;
}

function paymentValues(query: Omit<PaymentQuery, 'after' | 'limit'>): unknown[] {
  return [
    String(query.asOf.position),
    query.mode,
    query.tenantIds ?? null,
    query.providers ?? null,
    query.statuses ?? null,
    query.currency ?? null,
    query.settledFrom ?? null,
    query.settledTo ?? null,
  ];
}
