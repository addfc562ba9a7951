import { csvHead, csvRows } from '../report-csv.ts';
import type { ColumnHead } from '../report.ts';
import type { IssuedStatement } from './read-statements.ts';

const columns: readonly ColumnHead[] = [
  { name: 'line_no', kind: 'integer', description: 'Of the line' },
  { name: 'kind', kind: 'text', description: 'usage, fee, minimum, pass_through or adjustment' },
  { name: 'description', kind: 'text', description: 'For people' },
  { name: 'service_period', kind: 'text', description: 'The month that it is of' },
  { name: 'provider', kind: 'text', description: 'Of which provider' },
  { name: 'meter', kind: 'text', description: 'What was measured' },
  { name: 'tier', kind: 'text', description: 'Where the price has tiers' },
  { name: 'quantity', kind: 'decimal', description: 'How much' },
  { name: 'unit', kind: 'text', description: 'Of the quantity' },
  { name: 'unit_price', kind: 'decimal', description: 'For each unit' },
  { name: 'exact', kind: 'decimal', description: 'Before rounding' },
  { name: 'amount', kind: 'money', description: 'Rounded' },
  { name: 'rounding_difference', kind: 'decimal', description: 'exact less amount' },
];

/** The lines of a statement as CSV; their sums are the totals. */
export function statementCsv({ lines, currency }: Pick<IssuedStatement, 'lines' | 'currency'>): string {
  const rows = lines.map((line) => ({
    cells: [
      line.lineNo,
      line.kind,
      line.description,
      line.servicePeriod,
      line.provider ?? null,
      line.meter ?? null,
      line.tier ?? null,
      line.quantity ?? null,
      line.unit ?? null,
      line.unitPrice ?? null,
      line.exact,
      { amount: line.amount, currency },
      line.roundingDifference,
    ],
  }));
  return `${csvHead(columns)}${csvRows(columns, rows, 'UTC')}`;
}
