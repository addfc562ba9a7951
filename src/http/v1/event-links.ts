import type { EventFigure } from '../../finance/figure-events.ts';
import type { FigureFilter } from '../../finance/usage-source.ts';

export type FigureLink = Readonly<{
  figure: EventFigure;
  filter: FigureFilter;
  unit?: string | undefined;
  positionFrom?: bigint | undefined;
}>;

/** The list of exactly the events behind a figure, pinned to the position that the figure was read at. */
export function figureEventsLink({ figure, filter, unit, positionFrom }: FigureLink): string {
  const query = new URLSearchParams({ figure, mode: filter.mode });
  if (filter.basis === 'booked') query.append('basis', filter.basis);
  for (const tenantId of filter.tenantIds ?? []) query.append('tenant_id', tenantId);
  for (const provider of filter.providers ?? []) query.append('provider', provider);
  for (const meter of filter.meters ?? []) query.append('meter', meter);
  if (unit !== undefined) query.append('unit', unit);
  if (filter.currency !== undefined) query.append('currency', filter.currency);
  if (filter.costStatus !== undefined) query.append('cost_status', filter.costStatus);
  for (const category of filter.categories ?? []) query.append('category', category);
  query.append('occurred_from', filter.range.from.toISOString());
  query.append('occurred_to', filter.range.to.toISOString());
  if (positionFrom !== undefined) query.append('position_from', String(positionFrom));
  query.append('as_of', String(filter.asOf.position));
  return `/v1/events?${query.toString()}`;
}

/** The events of one thing, up to a position. */
export function streamEventsLink(streamKey: string, upTo?: string): string {
  const query = new URLSearchParams({ stream: streamKey });
  if (upTo !== undefined) query.append('position_to', upTo);
  return `/v1/events?${query.toString()}`;
}
