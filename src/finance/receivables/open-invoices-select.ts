import { tableOf } from '../read-models.ts';
import type { Model } from '../read-models.ts';

/**
 * SQL: every issued invoice of our own books as of a position, with what was credited on it and what is still due.
 * $1 mode, $2 position, $3 tenants or null, $4 providers or null, $5 the zone that days are counted in, $6 the time of the
 * answer. The balance is total less paid less credit notes that were issued and not voided; of a void invoice it is 0. What
 * is marked uncollectible stays due, under its own status.
 */
export function openInvoicesSelect(invoices: Model): string {
  return `
    select i.stream_key, i.position, i.invoice_id, i.invoice_number, i.tenant_id, i.provider, i.account, i.status, i.currency,
      i.issued_at, i.due_at, i.total, i.tax, i.paid, coalesce(c.credited, 0) as credited,
      case i.status when 'void' then 0 else i.total - i.paid - coalesce(c.credited, 0) end as balance,
      -- By the days of the calendar: due today is not past due, whatever the hour.
      greatest(0, ($6::timestamptz at time zone $5::text)::date - (i.due_at at time zone $5::text)::date) as days_past_due
    from (
      select distinct on (stream_key) * from ${tableOf('invoices', invoices)}
      where position <= $2::bigint order by stream_key, position desc
    ) i
    left join lateral (
      select sum((n.data ->> 'total')::numeric) filter (where n.type = 'CreditNoteIssued') as credited
      from (
        select distinct on (e.data ->> 'creditNoteId') e.type, e.data from hookledger.events e
        where e.stream_key = i.stream_key and e.type in ('CreditNoteIssued', 'CreditNoteVoided')
          and e.position <= $2::bigint
        order by e.data ->> 'creditNoteId', e.provider_time desc nulls last, e.occurred_at desc, e.position desc
      ) n
    ) c on true
    where i.mode = $1::text and i.books = 'platform' and i.status <> 'draft' and i.issued_at is not null
      and i.issued_at <= $6::timestamptz
      and ($3::text[] is null or i.tenant_id = any ($3::text[]))
      and ($4::text[] is null or i.provider = any ($4::text[]))`;
}
