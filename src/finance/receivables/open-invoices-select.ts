import { z } from 'zod';
import { amountText, currency, listOf, text } from '../query-parameters.ts';
import { latestSelect, tableOf } from '../read-models.ts';
import type { Models } from '../read-models.ts';
import type { ReportRequest } from '../report.ts';

const STATUSES = ['open', 'paid', 'uncollectible'] as const;

export const receivableParameters = {
  provider: listOf(text).optional(),
  currency: currency.optional(),
  status: listOf(z.enum(STATUSES, `is one of ${STATUSES.join(', ')}`))
    .default(['open', 'paid'])
    .describe(
      'uncollectible: what was given up, apart; of paid ones those that were overpaid, or that nothing we know of covers.',
    ),
  min_amount: amountText.optional().describe('Only balances of at least so much, each in its own currency.'),
  min_days_past_due: z
    .string('give it once')
    .regex(/^\d{1,5}$/, 'is no number of days')
    .optional()
    .describe('Only what is overdue by at least so many days: 61 for what is more than 60 days overdue.'),
};
type Request = ReportRequest<z.output<z.ZodObject<typeof receivableParameters>>>;

/**
 * SQL: the invoices of our own books that have a balance as of the answer's position, and those that the provider calls
 * paid though neither money nor credit covers them. $1 to $12 are `openInvoiceValues(request)`. Days are those of the
 * calendar in the zone: due today is not past due, whatever the hour. What has no due date (it is charged automatically)
 * is not past due, nor is one that nothing is owed of.
 */
export function openInvoicesSelect({ invoices, payments }: Models): string {
  return `
    select * from (
      select i.*, d.invoice_id is not null as has_dispute,
        case when i.balance <= 0 or i.due_at is null then 0
          else greatest(0, ($6::timestamptz at time zone $5::text)::date - (i.due_at at time zone $5::text)::date)
        end as days_past_due
      from (${latestSelect(tableOf('invoices', invoices), { key: 'thing', upTo: '$2::bigint' })}) i
      left join (${disputedInvoices(payments)}) d
        on d.provider = i.provider and d.account = i.account and d.invoice_id = i.invoice_id
      where i.mode = $1::text and i.books = 'platform' and (i.balance <> 0 or i.settled_elsewhere <> 0)
        and i.issued_at >= $7::timestamptz and i.issued_at < $8::timestamptz
        and ($3::text[] is null or i.tenant_id = any ($3::text[]))
        and ($4::text[] is null or i.provider = any ($4::text[]))
        and ($9::text is null or i.currency = $9::text)
        and i.status = any ($10::text[])
    ) open_invoice
    where ($11::numeric is null or balance >= $11::numeric)
      and ($12::integer is null or days_past_due >= $12::integer)`;
}

/** Those whose payment is disputed, and nobody has decided yet. */
function disputedInvoices(payments: Models['payments']): string {
  return `
    select distinct provider, account, unnest(invoice_ids) as invoice_id
    from (${latestSelect(tableOf('disputes', payments), { key: 'part', upTo: '$2::bigint' })}) dispute
    where outcome is null`;
}

export function openInvoiceValues({ filter, params, range, tz, asOf }: Request): unknown[] {
  return [
    filter.mode,
    String(asOf.position),
    filter.tenantIds ?? null,
    params.provider ?? null,
    tz,
    asOf.recordedAt,
    range.from,
    range.to,
    params.currency ?? null,
    params.status,
    params.min_amount ?? null,
    params.min_days_past_due ?? null,
  ];
}
