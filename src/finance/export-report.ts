import { createHash } from 'node:crypto';
import { csvHead, csvRows } from './report-csv.ts';
import { reportRowJson } from './report-json.ts';
import type { ColumnHead, OpenReport, ReportPage } from './report.ts';

export type ExportFormat = 'csv' | 'ndjson';

type Export = Readonly<{ report: OpenReport; columns: readonly ColumnHead[]; format: ExportFormat; hasMark: boolean }>;

/** How many rows are in memory at a time. */
const PAGE = 5_000;

/** Every row of the answer, from its beginning, as text; a page in memory at a time, all of one snapshot. */
export async function* exportReport(wanted: Export): AsyncGenerator<Readonly<{ text: string; rows: number }>> {
  const { report, columns, format, hasMark } = wanted;
  if (format === 'csv') yield { text: `${hasMark ? '\u{FEFF}' : ''}${csvHead(columns)}`, rows: 0 };
  let page: ReportPage | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- a page begins where the one before ended
    page = await report.readPage(PAGE, page);
    yield { text: encode(wanted, page), rows: page.rows.length };
  } while (page.nextCursor !== undefined);
}

function encode({ report, columns, format }: Export, page: ReportPage): string {
  const { tz } = report.meta;
  if (format === 'csv') return csvRows(columns, page.rows, tz);
  return page.rows.map((row) => `${JSON.stringify(reportRowJson(columns, row, tz))}\n`).join('');
}

export type ExportDigest = Readonly<{ rows: number; bytes: number; sha256: string }>;

/** What the export of this format holds, byte for byte. */
export async function digestExport(wanted: Export): Promise<ExportDigest> {
  const hash = createHash('sha256');
  let rows = 0;
  let bytes = 0;
  for await (const chunk of exportReport(wanted)) {
    hash.update(chunk.text);
    rows += chunk.rows;
    bytes += Buffer.byteLength(chunk.text);
  }
  return { rows, bytes, sha256: hash.digest('hex') };
}
