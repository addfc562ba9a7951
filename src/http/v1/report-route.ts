import { once } from 'node:events';
import type { Request, RequestHandler, Response } from 'express';
import { digestExport, exportReport } from '../../finance/export-report.ts';
import type { ExportFormat } from '../../finance/export-report.ts';
import { reportRowJson, totalsJson } from '../../finance/report-json.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import type { EventsBehind, OpenReport, Question, Report, ReportRow } from '../../finance/report.ts';
import { envelope } from './envelope.ts';
import { figureEventsLink, streamEventsLink } from './event-links.ts';
import { requirePlatform } from './platform-only.ts';
import type { RouteDeps } from './route-deps.ts';
import { readerOf } from './route-deps.ts';

/**
 * GET a report: JSON a page at a time, or all of it as CSV or NDJSON, or the manifest of such an export. Columns, totals
 * and position are of one snapshot.
 */
export function reportRoute(report: Report, { pool, clock }: RouteDeps): RequestHandler {
  return async (request, response) => {
    const question = report.ask(request.query);
    const reader = readerOf(response);
    if (report.isOfPlatform) requirePlatform(response);
    const answer = await withReadTransaction(pool, reader, async (tx) => {
      const opened = await question.open(tx, { reader, clock });
      switch (question.format) {
        case 'json':
          return readJson(report, question, opened);
        case 'manifest':
          return readManifest(report, request, opened);
        case 'csv':
        case 'ndjson':
          // Whoever reads slowly leaves the transaction idle between pages; it appends nothing, so nobody waits for it.
          await tx.query(`set local idle_in_transaction_session_timeout = '${STALLED_AFTER_MS}ms'`);
          await stream(response, { report, question, opened, format: question.format });
          return undefined;
      }
    });
    if (answer !== undefined) response.json(answer);
  };
}

async function readJson(report: Report, question: Question, opened: OpenReport): Promise<Record<string, unknown>> {
  const page = await opened.readPage(question.limit);
  const { meta } = opened;
  return envelope({
    data: page.rows.map((row) => ({
      ...reportRowJson(report.columns, row, meta.tz),
      ...linksJson(row),
    })),
    totals: totalsJson(await opened.readTotals(), meta.tz),
    meta: { ...meta, pending: await opened.readPending(), links: linkAll(meta.links ?? {}) },
    nextCursor: page.nextCursor,
  });
}

/** Of the exports at the position that it names: asked for with that `as_of`, they have these digests. */
async function readManifest(report: Report, request: Request, opened: OpenReport): Promise<Record<string, unknown>> {
  const digest = (format: ExportFormat) =>
    digestExport({ report: opened, columns: report.columns, format, hasMark: false });
  const csv = await digest('csv');
  const ndjson = await digest('ndjson');
  const { asOf, tz, basis } = opened.meta;
  return {
    report: report.name,
    query: request.query,
    basis,
    as_of: { recorded_at: asOf.recordedAt.toISOString(), position: String(asOf.position) },
    columns: report.columns,
    rows: csv.rows,
    totals: totalsJson(await opened.readTotals(), tz),
    exports: {
      csv: { sha256: csv.sha256, bytes: csv.bytes },
      ndjson: { sha256: ndjson.sha256, bytes: ndjson.bytes },
    },
  };
}

function linksJson({ events, links }: ReportRow): Record<string, unknown> {
  const all = { ...(events === undefined ? {} : { events }), ...links };
  return Object.keys(all).length === 0 ? {} : { links: linkAll(all) };
}

function linkAll(links: Readonly<Record<string, EventsBehind>>): Record<string, string> {
  return Object.fromEntries(Object.entries(links).map(([name, events]) => [name, eventsLink(events)]));
}

function eventsLink(events: EventsBehind): string {
  return events.of === 'stream' ? streamEventsLink(events.streamKey, events.upTo) : figureEventsLink(events);
}

const TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson',
};

/** Whoever reads slower than that would hold the snapshot, and with it a connection, for as long as they like. */
const STALLED_AFTER_MS = 30_000;

async function stream(
  response: Response,
  {
    report,
    question,
    opened,
    format,
  }: { report: Report; question: Question; opened: OpenReport; format: ExportFormat },
): Promise<void> {
  const { asOf } = opened.meta;
  response.set({
    'Content-Type': TYPES[format],
    'Content-Disposition': `attachment; filename="${report.name.replaceAll('/', '-')}-${asOf.position}.${format}"`,
    'Hookledger-As-Of': String(asOf.position),
  });
  const wanted = { report: opened, columns: report.columns, format, hasMark: question.hasMark };
  for await (const { text } of exportReport(wanted)) {
    if (response.destroyed) return;
    if (!response.write(text)) await once(response, 'drain', { signal: AbortSignal.timeout(STALLED_AFTER_MS) });
  }
  response.end();
}
