import { z } from 'zod';
import type { Money } from '../../domain/currency.ts';
import { currency, listOf, text } from '../query-parameters.ts';
import { latestSelect } from '../read-models.ts';
import type { ReportRequest } from '../report.ts';

export const partParameters = { provider: listOf(text).optional(), currency: currency.optional() };
type Request = Pick<
  ReportRequest<z.output<z.ZodObject<typeof partParameters>>>,
  'filter' | 'params' | 'asOf' | 'range'
>;

/** The one that changed last comes first; an event changes each part of its thing at most once. */
export const partKey = z.tuple([z.string().regex(/^\d{1,18}$/), z.string()]);
export type PartKey = z.output<typeof partKey>;

/** What every part of a thing has: an event stands for one stream. */
export type Part = Readonly<{ position: string; partKey: string; streamKey: string }>;

export function partKeyOf({ position, partKey: key }: Part): PartKey {
  return [position, key];
}

export function partEventsOf({ streamKey, position }: Part) {
  return { of: 'stream', streamKey, upTo: position } as const;
}

/**
 * SQL: the parts of our own books' things as they stand at the answer's position, whose time `at` is in the range. $1 to
 * $7 are `partValues(request)`.
 */
export function partSelect(table: string, at: string): string {
  return `
    select * from (${latestSelect(table, { key: 'part', upTo: '$1::bigint' })}) part
    where mode = $2::text and books = 'platform' and ${at} >= $3::timestamptz and ${at} < $4::timestamptz
      and ($5::text[] is null or tenant_id = any ($5::text[]))
      and ($6::text[] is null or provider = any ($6::text[]))
      and ($7::text is null or currency = $7::text)`;
}

export function partValues({ filter, params, asOf, range }: Request): unknown[] {
  return [
    String(asOf.position),
    filter.mode,
    range.from,
    range.to,
    filter.tenantIds ?? null,
    params.provider ?? null,
    params.currency ?? null,
  ];
}

/** SQL: what bounds a page to what comes after a key, given as two parameters from there on, and its limit as a third. */
export function partPage(first: number): string {
  return `
    where $${first}::bigint is null or position < $${first}::bigint
      or (position = $${first}::bigint and part_key > $${first + 1}::text)
    order by position desc, part_key
    limit $${first + 2}::integer`;
}

/** SQL: the sum of an amount by currency, as JSON, over the rows that are counted of the relation `part`. */
export function sumByCurrency(amount: string, currencyColumn: string, where = 'true'): string {
  return `(
    select coalesce(json_agg(json_build_object('amount', trim_scale(total)::text, 'currency', currency)
      order by currency collate "C"), '[]')
    from (
      select ${currencyColumn} as currency, sum(${amount}) as total from part
      where ${where} and ${currencyColumn} is not null group by 1
    ) sums)`;
}
export type Sums = readonly Money[];

/** SQL: `part` of `part` and `rest`, to four decimals; null of nothing. */
export function rate(part: string, rest: string): string {
  return `trim_scale(round((${part})::numeric / nullif((${part}) + (${rest}), 0), 4))::text`;
}
