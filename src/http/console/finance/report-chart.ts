import { addDecimals, formatDecimal, parseDecimal } from '../../../domain/decimal.ts';
import type { Cell, ColumnHead, ReportRow } from '../../../finance/report.ts';
import { isMoneyCell } from '../../../finance/report.ts';
import type { BarChart } from './bar-chart.ts';

/**
 * A chart of a report that has a time to go along: its first number by window and unit or currency; of several units the
 * one with the most rows, since two are never on one scale. Undefined where there is nothing to draw.
 */
export function reportChart(
  columns: readonly ColumnHead[],
  rows: readonly ReportRow[],
  tz: string,
): BarChart | undefined {
  const at = columns.findIndex(({ name }) => name === 'window_start');
  const figure = columns.findIndex(({ kind }) => kind === 'money' || kind === 'decimal');
  const unit = columns.findIndex(({ name }) => name === 'unit' || name === 'currency');
  const column = columns[figure];
  if (at === -1 || column === undefined) return undefined;
  const points = rows.flatMap((row) => {
    const start = row.cells[at];
    const value = amountOf(row.cells[figure] ?? null);
    if (!(start instanceof Date) || value === undefined) return [];
    return [{ label: dayOf(start, tz), unit: value.unit ?? wordOf(row.cells[unit]), amount: value.amount }];
  });
  const [most] = [...Map.groupBy(points, (point) => point.unit)].toSorted(([, a], [, b]) => b.length - a.length);
  if (most === undefined) return undefined;
  const [unitName, own] = most;
  const byLabel = Map.groupBy(own, ({ label }) => label);
  return {
    title: column.name.replaceAll('_', ' '),
    unit: unitName === '' ? 'units' : unitName,
    series: [column.name],
    bars: [...byLabel].map(([label, each]) => ({
      label,
      series: column.name,
      value: formatDecimal(each.map(({ amount }) => parseDecimal(amount)).reduce(addDecimals)),
    })),
  };
}

function wordOf(cell: Cell | undefined): string {
  return typeof cell === 'string' ? cell : '';
}

function amountOf(cell: Cell): Readonly<{ amount: string; unit?: string }> | undefined {
  if (isMoneyCell(cell)) return { amount: cell.amount, unit: cell.currency };
  return typeof cell === 'string' ? { amount: cell } : undefined;
}

function dayOf(at: Date, tz: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: tz, month: '2-digit', day: '2-digit' }).format(at);
}
