import type { Tx } from '../platform/postgres.ts';
import { versionTable } from '../projections/version-table.ts';
import { MONEY_TABLES } from './money-tables.ts';

/** What promoting the rebuilt version would change, of one tenant's figure in one month (of UTC). */
export type MoneyDifference = Readonly<{
  tenantId: string;
  mode: string;
  books: string;
  figure: string;
  month: string;
  currency: string;
  active: string;
  rebuilt: string;
  difference: string;
  /** How many facts, payments or invoices differ. */
  things: number;
  /** The events behind those that differ most, at most five. */
  eventIds: readonly string[];
  /** Whether the month is closed: what was reported of it may not change. */
  isClosed: boolean;
}>;

/** Exact, and in an order of its own: by size of the difference within a currency. */
export async function findMoneyDifferences(
  tx: Tx,
  name: string,
  versions: Readonly<{ active: number; rebuilt: number }>,
): Promise<readonly MoneyDifference[]> {
  const money = MONEY_TABLES[name];
  if (money === undefined) return [];
  const { table, key, time } = money;
  const side = (version: number): string =>
    money.amounts
      .map(
        ({ figure, amount, currency }) => `
        select '${figure}' as figure, tenant_id, mode, books, ${key} as thing, ${currency} as currency,
          to_char(${time} at time zone 'UTC', 'YYYY-MM') as month, sum(${amount}) as amount,
          (array_agg(event_id order by position desc))[1] as event_id
        from ${versionTable(table, version)} where ${currency} <> ''
        group by 1, 2, 3, 4, 5, 6, 7 having sum(${amount}) <> 0`,
      )
      .join(' union all ');
  const { rows } = await tx.query<MoneyDifference>(
    `with thing as (
       select figure, tenant_id, mode, books, month, currency,
         coalesce(a.amount, 0) as active, coalesce(b.amount, 0) as rebuilt, coalesce(b.event_id, a.event_id) as event_id
       from (${side(versions.active)}) a
       full join (${side(versions.rebuilt)}) b using (figure, tenant_id, mode, books, thing, currency, month)
     ), changed as (
       select distinct figure, tenant_id, mode, books, month, currency from thing where active <> rebuilt
     )
     select tenant_id as "tenantId", mode, books, figure, month, currency, trim_scale(sum(active))::text as active,
       trim_scale(sum(rebuilt))::text as rebuilt, trim_scale(sum(rebuilt - active))::text as difference,
       (count(*) filter (where active <> rebuilt))::integer as things,
       (array_agg(event_id order by abs(rebuilt - active) desc, event_id) filter (where active <> rebuilt))[1:5]
         as "eventIds",
       exists (
         select from (
           select distinct on (period, tz) step from hookledger.period_closings c
           where c.period = month order by period, tz, position desc
         ) last where last.step = 'closed'
       ) as "isClosed"
     from thing join changed using (figure, tenant_id, mode, books, month, currency)
     group by tenant_id, mode, books, figure, month, currency
     order by currency, abs(sum(rebuilt - active)) desc, tenant_id, figure, month`,
  );
  return rows;
}
