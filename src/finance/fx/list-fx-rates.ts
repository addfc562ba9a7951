import type { Tx } from '../../platform/postgres.ts';

export type ListedFxRate = Readonly<{
  base: string;
  quote: string;
  /** A local date, `2026-10-31`. */
  date: string;
  rate: string;
  source: string;
  position: string;
}>;

/** Dates are half open; a filter that is left out does not filter. */
export type FxRateFilter = Readonly<{
  upTo?: bigint | undefined;
  base?: string | undefined;
  quote?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  after?: readonly [string, string, string] | undefined;
  limit: number;
}>;

/** The rates that hold as of a position, by pair, each pair from its first day on. */
export async function listFxRates(tx: Tx, filter: FxRateFilter): Promise<readonly ListedFxRate[]> {
  const { rows } = await tx.query<ListedFxRate>(
    `select distinct on (base, quote, r.date) base, quote, to_char(r.date, 'YYYY-MM-DD') as date,
       trim_scale(rate)::text as rate, source, position
     from hookledger.fx_rates r
     where ($1::bigint is null or position <= $1::bigint)
       and ($2::text is null or base = $2::text)
       and ($3::text is null or quote = $3::text)
       and ($4::date is null or r.date >= $4::date)
       and ($5::date is null or r.date < $5::date)
       and ($6::text is null or (base, quote, r.date) > ($6::text, $7::text, $8::date))
     order by base, quote, r.date, position desc
     limit $9::integer`,
    [
      filter.upTo?.toString() ?? null,
      filter.base ?? null,
      filter.quote ?? null,
      filter.from ?? null,
      filter.to ?? null,
      ...(filter.after ?? [null, null, null]),
      filter.limit,
    ],
  );
  return rows;
}
