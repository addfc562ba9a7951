import type { DemoBooks } from './demo-books.ts';
import { BOOKS_MONTH } from './demo-story.ts';
import type { DemoOutput } from './print-report.ts';
import { heading } from './print-report.ts';

/** A month closed, what came late for it, the month reopened and closed again, and who was served at a loss in it. */
export function printBooks(
  out: DemoOutput,
  { books, tenants }: { books: DemoBooks; tenants: Readonly<Record<string, string>> },
): void {
  const nameOf = (tenantId: string): string => tenants[tenantId] ?? tenantId;
  heading(out, `The books of ${BOOKS_MONTH}: closed, then a call came late`);
  for (const { tenant_id: tenantId, figure, amount, booked_period: booked } of books.adjustments) {
    out.line(`${nameOf(tenantId)}: ${figure} ${amount.amount} ${amount.currency}, an adjustment in ${booked}`);
  }
  out.line(
    `Reopened with a reason and closed again: revision ${books.revisions.at(-1) ?? 0} holds it, revision 1 stays as it was reported.`,
  );
  out.table(
    [
      'tenant',
      'currency',
      { title: 'rated', align: 'right' },
      { title: 'cost', align: 'right' },
      { title: 'gross profit', align: 'right' },
    ],
    books.margin.map((row) => [
      nameOf(row.tenant_id),
      row.currency ?? '',
      row.revenue?.amount ?? '',
      row.cogs?.amount ?? '',
      row.gross_profit === null ? 'mixed currencies' : `${row.gross_profit.amount}${isLoss(row.gross_profit.amount)}`,
    ]),
  );
}

function isLoss(amount: string): string {
  return amount.startsWith('-') ? '  loss' : '';
}
