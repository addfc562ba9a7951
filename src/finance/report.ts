import { z } from 'zod';
import type { Money } from '../domain/currency.ts';
import type { Clock } from '../platform/clock.ts';
import type { Tx } from '../platform/postgres.ts';
import type { AsOf } from './as-of.ts';
import { basisParameter } from './basis.ts';
import type { Basis } from './basis.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { EventFigure } from './figure-events.ts';
import type { OpenedFigures } from './open-figures.ts';
import { openFigures } from './open-figures.ts';
import { ParameterError } from './parameter-error.ts';
import { readPending } from './pending.ts';
import type { Pending } from './pending.ts';
import { figureParameters, parseQuery } from './query-parameters.ts';
import type { Model, Models } from './read-models.ts';
import { versionsOf } from './read-models.ts';
import type { Reader } from './read-transaction.ts';
import { WINDOWS } from './time-range.ts';
import type { Range, Window } from './time-range.ts';
import type { FigureFilter } from './usage-source.ts';
import { chooseUsageSource } from './usage-source.ts';

/**
 * A report: one question of finance, asked alike over HTTP, at the command line and by the console's pages, and answered
 * as JSON, NDJSON or CSV. `defineReport` keeps the types of its rows to itself, so that all reports are one type outside.
 */
export type Report = Readonly<{
  /** Its path under /v1 and its word at the command line, such as `receivables/ageing`. */
  name: string;
  summary: string;
  columns: readonly ColumnHead[];
  parameters: z.ZodObject;
  /** Only the platform's people may ask: its rows are of no tenant. */
  isOfPlatform: boolean;
  /** @throws ParameterError that names the parameter at fault. */
  ask(query: unknown): Question;
}>;

/** What a cell holds, by the kind of its column; null where there is nothing to say. */
export type Cell = string | number | boolean | Date | Money | readonly Money[] | readonly string[] | null;
/** `Array.isArray` does not tell a readonly array. */
export function isListCell(cell: Cell): cell is readonly Money[] | readonly string[] {
  return Array.isArray(cell);
}

export function isMoneyCell(cell: Cell): cell is Money {
  return typeof cell === 'object' && cell !== null && 'amount' in cell;
}

export type ColumnKind =
  | 'text'
  | 'texts'
  | 'integer'
  | 'decimal'
  | 'flag'
  | 'date'
  | 'time'
  | 'money'
  /** One amount for each currency. */
  | 'moneys';
export type ColumnHead = Readonly<{ name: string; kind: ColumnKind; description: string }>;

export const FORMATS = ['json', 'ndjson', 'csv', 'manifest'] as const;
export type Format = (typeof FORMATS)[number];

export type Question = Readonly<{
  format: Format;
  /** Whether CSV begins with a byte-order mark, which some spreadsheets want. */
  hasMark: boolean;
  tz: string;
  limit: number;
  /** Fixes where in the log the answer stands. Everything after it is of the same snapshot: the caller's transaction. */
  open(tx: Tx, deps: Readonly<{ reader: Reader; clock: Clock }>): Promise<OpenReport>;
}>;

export type OpenReport = Readonly<{
  meta: ReportMeta;
  /** The rows from where the question's cursor, or the page before, left off. */
  readPage(limit: number, after?: ReportPage): Promise<ReportPage>;
  readTotals(): Promise<Readonly<Record<string, Cell>>>;
  readPending(): Promise<Pending>;
}>;

export type ReportMeta = Readonly<{
  range: Readonly<{ from?: Date | undefined; to?: Date | undefined }>;
  tz: string;
  window: Window;
  basis: Basis;
  asOf: AsOf;
  models: readonly [Model, ...Model[]];
  /** Of the answer as a whole. */
  links?: Readonly<Record<string, EventsBehind>>;
  /** What only this report has to say of its answer. */
  members?: Readonly<Record<string, unknown>>;
}>;

export type ReportPage = Readonly<{
  rows: readonly ReportRow[];
  /** Where the next page begins; undefined on the last one. */
  nextCursor: string | undefined;
}>;
export type ReportRow = Readonly<{
  cells: readonly Cell[];
  events?: EventsBehind | undefined;
  /** The events of single figures of the row, by name. */
  links?: Readonly<Record<string, EventsBehind>> | undefined;
}>;

/** The events that a row is made of: those of a figure, or those of one thing up to a position. */
export type EventsBehind =
  | Readonly<{
      of: 'figure';
      figure: EventFigure;
      filter: FigureFilter;
      unit?: string | undefined;
      /** Only those from there on. */
      positionFrom?: bigint | undefined;
    }>
  | Readonly<{ of: 'stream'; streamKey: string; upTo: string }>;

/** What a report is asked, once parsed and opened. `params` are its own parameters; `prepared`, what it read before. */
export type ReportRequest<Params, Prepared = undefined> = OpenedFigures &
  Readonly<{ params: Params; reader: Reader; tz: string; window: Window; clock: Clock; prepared: Prepared }>;

export type Column<Row, Params, Prepared = undefined> = ColumnHead &
  Readonly<{ cell(row: Row, request: ReportRequest<Params, Prepared>): Cell }>;

type RequestOf<Own extends z.ZodRawShape, Prepared> = ReportRequest<z.output<z.ZodObject<Own>>, Prepared>;

export type ReportDefinition<Row, Key, Own extends z.ZodRawShape, Prepared = undefined> = Readonly<{
  name: string;
  summary: string;
  isOfPlatform?: boolean;
  /** Parameters besides those of every report, from strings. */
  parameters: Own;
  /**
   * `month`: without bounds the calendar month of now. `all`: without bounds everything. Windows are offered where
   * `defaultWindow` is given.
   */
  range: 'month' | 'all';
  defaultWindow?: Window;
  /** Whether its figures are of months that are closed: then it may be asked by booked period, too. */
  hasBasis?: boolean;
  models(models: Models): readonly [Model, ...Model[]];
  /** Whose figures they are, as the report's own parameters say; added to the filter. */
  narrow?(params: z.output<z.ZodObject<Own>>): Partial<FigureFilter>;
  columns: readonly Column<Row, z.output<z.ZodObject<Own>>, Prepared>[];
  /** What rows are ordered by, unique for each row. */
  key: z.ZodType<Key>;
  keyOf(row: Row): Key;
  /** At most `limit` rows beyond `after`, in the order of the key. One statement where it can be. */
  readRows(
    tx: Tx,
    request: RequestOf<Own, Prepared>,
    page: Readonly<{ after: Key | undefined; limit: number }>,
  ): Promise<readonly Row[]>;
  /** Over the whole answer, whatever the page. */
  readTotals(tx: Tx, request: RequestOf<Own, Prepared>): Promise<Readonly<Record<string, Cell>>>;
  eventsOf?(row: Row, request: RequestOf<Own, Prepared>): EventsBehind | undefined;
  linksOf?(row: Row, request: RequestOf<Own, Prepared>): Readonly<Record<string, EventsBehind>>;
  metaOf?(request: RequestOf<Own, Prepared>): Pick<ReportMeta, 'links' | 'members'>;
}>;

/** For answers over everything. */
const BEGINNING = new Date('1970-01-01T00:00:00Z');
const END = new Date('9999-01-01T00:00:00Z');

/** Whether neither bound was given, of a report over everything. */
export function isUnbounded({ from, to }: Range): boolean {
  return from.getTime() === BEGINNING.getTime() && to.getTime() === END.getTime();
}

const formatParameters = {
  format: z
    .enum(FORMATS, `is one of ${FORMATS.join(', ')}`)
    .default('json')
    .describe('manifest: what an export holds.'),
  bom: z.enum(['true', 'false'], 'is true or false').default('false').describe('Begin CSV with a byte-order mark.'),
};

export function defineReport<Row, Key, const Own extends z.ZodRawShape>(
  definition: ReportDefinition<Row, Key, Own>,
): Report {
  return definePreparedReport({ ...definition, prepare: async () => undefined });
}

/** A report that reads something once that its rows, its totals and what it says of itself are made of. */
export function definePreparedReport<Row, Key, const Own extends z.ZodRawShape, Prepared>(
  definition: ReportDefinition<Row, Key, Own, Prepared> &
    Readonly<{ prepare(tx: Tx, request: RequestOf<Own, undefined>): Promise<Prepared> }>,
): Report {
  const { name, summary, columns, isOfPlatform = false, hasBasis = false } = definition;
  const own = z.object(definition.parameters);
  const window = z.enum(WINDOWS, `is one of ${WINDOWS.join(', ')}`).default(definition.defaultWindow ?? 'none');
  const common = z.object({ ...figureParameters, ...formatParameters, window, basis: basisParameter });
  const parameters = z.strictObject({
    ...figureParameters,
    ...formatParameters,
    ...(definition.defaultWindow === undefined ? {} : { window }),
    ...(hasBasis ? { basis: basisParameter } : {}),
    ...definition.parameters,
  });
  return {
    name,
    summary,
    isOfPlatform,
    columns: columns.map(({ name, kind, description }) => ({ name, kind, description })),
    parameters,
    ask(query) {
      if (!hasBasis) refuseBasis(name, query);
      parseQuery(parameters, query);
      const asked = parseQuery(common, query);
      const params = parseQuery(own, query);
      const cursor = decodeCursor(name, definition.key, asked.cursor);
      const { window, basis } = asked;
      return {
        format: asked.format,
        hasMark: asked.bom === 'true',
        tz: asked.tz,
        limit: asked.limit,
        async open(tx, { reader, clock }) {
          const opened = await openFigures(tx, { query: asked, window, cursor, clock, of: definition.models });
          const given = { from: asked.from && opened.range.from, to: asked.to && opened.range.to };
          const range: Range =
            definition.range === 'month' ? opened.range : { from: given.from ?? BEGINNING, to: given.to ?? END };
          const filter = { ...opened.filter, ...definition.narrow?.(params), range, basis };
          const bounds = [...(definition.range === 'month' ? opened.windowStarts : [range.from]), range.to];
          const source = chooseUsageSource(opened.models.usage, opened.asOf, bounds, basis);
          const request = { ...opened, range, filter, source, params, reader, tz: asked.tz, window, clock };
          const prepared = await definition.prepare(tx, { ...request, prepared: undefined });
          return openReport(
            tx,
            definition,
            { ...request, prepared },
            {
              first: cursor?.key,
              range: definition.range === 'month' ? range : given,
            },
          );
        },
      };
    },
  };
}

function refuseBasis(name: string, query: unknown): void {
  if (typeof query === 'object' && query !== null && 'basis' in query) {
    throw new ParameterError(
      'basis',
      `is nothing that ${name} is asked by; usage, usage/lines, costs, margin and summary are, by service or booked.`,
    );
  }
}

function openReport<Row, Key, Own extends z.ZodRawShape, Prepared>(
  tx: Tx,
  definition: ReportDefinition<Row, Key, Own, Prepared>,
  request: RequestOf<Own, Prepared>,
  { first, range }: { first: Key | undefined; range: ReportMeta['range'] },
): OpenReport {
  const { asOf, reader, source, filter } = request;
  return {
    meta: {
      range,
      tz: request.tz,
      window: request.window,
      basis: filter.basis ?? 'service',
      asOf,
      models: definition.models(request.models),
      ...definition.metaOf?.(request),
    },
    async readPage(limit, before) {
      const after =
        before === undefined ? first : decodeCursor(definition.name, definition.key, before.nextCursor)?.key;
      const found = await definition.readRows(tx, request, { after, limit: limit + 1 });
      const rows = found.slice(0, limit);
      const last = found.length > limit ? rows.at(-1) : undefined;
      return {
        rows: rows.map((row) => ({
          cells: definition.columns.map((column) => column.cell(row, request)),
          events: definition.eventsOf?.(row, request),
          links: definition.linksOf?.(row, request),
        })),
        nextCursor:
          last &&
          encodeCursor(definition.name, {
            position: asOf.position,
            at: asOf.recordedAt,
            versions: versionsOf(request.models),
            key: definition.keyOf(last),
          }),
      };
    },
    readTotals: () => definition.readTotals(tx, request),
    readPending: () => readPending(tx, { reader, source, filter }),
  };
}
