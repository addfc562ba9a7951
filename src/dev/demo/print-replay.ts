import type { DemoOutput } from './print-report.ts';
import { heading } from './print-report.ts';
import type { DemoReplay } from './replay-demo.ts';

/** What another fold would change in money, the promotion, and the way back. */
export function printReplay(
  out: DemoOutput,
  { replay, tenants }: { replay: DemoReplay; tenants: Readonly<Record<string, string>> },
): void {
  const { verification, promoted, back, lines } = replay;
  heading(out, 'Replay: usage folded again, with calls counted by started minutes');
  out.line(
    `Version ${verification.rebuiltVersion}: ${lines} lines of usage, folded beside version ${verification.activeVersion} and ` +
      `compared with it at position ${verification.position}. Promoting it would change:`,
  );
  out.table(
    [
      'tenant',
      'month',
      'figure',
      { title: 'active', align: 'right' },
      { title: 'rebuilt', align: 'right' },
      { title: 'difference', align: 'right' },
      'currency',
      { title: 'facts', align: 'right' },
      'because of',
    ],
    verification.differences.map((each) => [
      tenants[each.tenantId] ?? each.tenantId,
      each.month,
      each.figure,
      each.active,
      each.rebuilt,
      each.difference,
      each.currency,
      String(each.things),
      each.eventIds[0] ?? '',
    ]),
  );
  out.line(
    `Promoted at position ${promoted.position}, and rolled back to version ${back.to} again: the figures above hold.`,
  );
}
