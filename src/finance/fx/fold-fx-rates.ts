import type { EventData } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';

/** Folds `FxRateSet` events into their table, which keeps them all. `positions` are those of `rates`. Safe to repeat. */
export async function foldFxRates(
  tx: Tx,
  { positions, rates }: { positions: readonly bigint[]; rates: readonly EventData<'FxRateSet'>[] },
): Promise<void> {
  await tx.query(
    `insert into hookledger.fx_rates (position, base, quote, rate, date, source)
     select * from unnest($1::bigint[], $2::text[], $3::text[], $4::numeric[], $5::date[], $6::text[])
     on conflict on constraint fx_rates_pkey do nothing`,
    [
      positions.map(String),
      rates.map(({ base }) => base),
      rates.map(({ quote }) => quote),
      rates.map(({ rate }) => rate),
      rates.map(({ date }) => date),
      rates.map(({ source }) => source),
    ],
  );
}
