import type { Money } from '../domain/currency.ts';
import { formatDecimal, parseDecimal, subtractDecimals } from '../domain/decimal.ts';
import type { FxMissing } from './fx/find-fx-rates.ts';
import { convertSum } from './fx/reporting-currency.ts';
import type { Reporting } from './fx/reporting-currency.ts';
import { percentOf } from './margin.ts';
import type { MarginRow } from './margin.ts';

/** Revenue and cost of several currencies in one; null where a rate of exchange is missing. */
export type ReportingMargin = Readonly<{
  revenue: Money | null;
  cogs: Money | null;
  grossProfit: Money | null;
  grossMarginPct: string | null;
  missing: readonly FxMissing[];
}>;

type Amounts = Pick<MarginRow, 'key' | 'revenue' | 'cogs'>;

/** Over all rows, whatever their currencies. */
export function totalMargin(reporting: Reporting, rows: readonly Amounts[]): ReportingMargin {
  const moneys = (figure: 'revenue' | 'cogs') =>
    rows.map(({ key: [, , currency], [figure]: amount }) => ({ amount, currency }));
  const revenue = convertSum(reporting, moneys('revenue'));
  const cogs = convertSum(reporting, moneys('cogs'));
  const missing = new Map([...revenue.missing, ...cogs.missing].map((each) => [each.from, each]));
  return {
    revenue: revenue.money,
    cogs: cogs.money,
    ...profitOf(revenue.money, cogs.money),
    missing: [...missing.values()],
  };
}

/** Of the tenant and provider of a row, over all their currencies. */
export function groupMargins(
  reporting: Reporting,
  rows: readonly Amounts[],
): (row: Amounts) => ReportingMargin | undefined {
  const groups = new Map(
    Map.groupBy(rows, groupOf)
      .entries()
      .map(([group, members]) => [group, totalMargin(reporting, members)]),
  );
  return (row) => groups.get(groupOf(row));
}

function groupOf({ key: [tenantId, provider] }: Amounts): string {
  return JSON.stringify([tenantId, provider]);
}

function profitOf(revenue: Money | null, cogs: Money | null): Pick<ReportingMargin, 'grossProfit' | 'grossMarginPct'> {
  if (revenue === null || cogs === null) return { grossProfit: null, grossMarginPct: null };
  const whole = parseDecimal(revenue.amount);
  const profit = subtractDecimals(whole, parseDecimal(cogs.amount));
  return {
    grossProfit: { amount: formatDecimal(profit), currency: revenue.currency },
    grossMarginPct: whole.units > 0n ? percentOf(profit, whole) : null,
  };
}
