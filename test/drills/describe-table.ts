import type { DrillResult } from './drill.ts';

const COLUMNS = ['drill', 'sent', 'accepted', 'in flight', 'lost', 'doubled', 'reordered', 'recovery', 'result'];

/** For a terminal: one line a drill. */
export function describeTable(results: readonly DrillResult[]): readonly string[] {
  const rows = [COLUMNS, ...results.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function cells(result: DrillResult): string[] {
  const { drill, sent, accepted, inFlight, lost, doubled, reordered, recoverySeconds, ok } = result;
  return [
    drill,
    ...[sent, accepted, inFlight, lost, doubled, reordered].map(String),
    recoverySeconds === null ? '-' : `${recoverySeconds.toFixed(1)} s`,
    ok === null ? 'left out' : ok ? 'ok' : 'FAILED',
  ];
}
