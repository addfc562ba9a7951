import type { z } from 'zod';
import { resolveAsOf } from './as-of.ts';
import type { AsOf } from './as-of.ts';
import type { Cursor } from './cursor.ts';
import type { Model, Models } from './read-models.ts';
import { furthestBehind, readModels } from './read-models.ts';
import { listWindowStarts, resolveRange } from './time-range.ts';
import type { Range, Window } from './time-range.ts';
import { chooseUsageSource } from './usage-source.ts';
import type { FigureFilter, UsageSource } from './usage-source.ts';
import type { Clock } from '../platform/clock.ts';
import type { Tx } from '../platform/postgres.ts';
import type { figureParameters } from './query-parameters.ts';

type FigureQuery = z.output<z.ZodObject<Omit<typeof figureParameters, 'limit' | 'cursor'>>>;

export type OpenedFigures = Readonly<{
  models: Models;
  asOf: AsOf;
  range: Range;
  windowStarts: readonly Date[];
  source: UsageSource;
  filter: FigureFilter;
}>;

/**
 * Fixes what a question about figures is about: the position first, then the range and its windows. `of` names the
 * models that the answer needs.
 */
export async function openFigures(
  tx: Tx,
  {
    query,
    window,
    cursor,
    clock,
    of,
  }: {
    query: FigureQuery;
    window: Window;
    /** Where the answer stood that this is a further page of. */
    cursor: Omit<Cursor<unknown>, 'key'> | undefined;
    clock: Clock;
    of: (models: Models) => readonly [Model, ...Model[]];
  },
): Promise<OpenedFigures> {
  const models = await readModels(tx, cursor?.versions);
  const asOf = await resolveAsOf(
    tx,
    cursor === undefined
      ? (query.as_of ?? { kind: 'now' })
      : { kind: 'page', position: cursor.position, at: cursor.at },
    { modelPosition: furthestBehind(of(models)).position, now: clock.now() },
  );
  const { from, to, tz } = query;
  const range = await resolveRange(tx, {
    from,
    to,
    tz,
    now: asOf.recordedAt,
  });
  const windowStarts = await listWindowStarts(tx, range, tz, window);
  return {
    models,
    asOf,
    range,
    windowStarts,
    source: chooseUsageSource(models.usage, asOf, [...windowStarts, range.to]),
    filter: { mode: query.mode, range, asOf, tenantIds: query.tenant_id },
  };
}

/** The window with an index, cut off at the range. */
export function windowAt({ windowStarts, range }: OpenedFigures, index: number): Range {
  return { from: windowStarts[index] ?? range.from, to: windowStarts[index + 1] ?? range.to };
}
