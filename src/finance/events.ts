import { EVENT_COLUMNS } from '../event-store/event-row.ts';
import type { EventRow } from '../event-store/event-row.ts';
import type { FactKind } from '../domain/facts.ts';
import type { Mode } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { FigureScope } from './figure-events.ts';
import { figureEventSelect, figureEventValues } from './figure-events.ts';
import type { Models } from './read-models.ts';

/** Filters on the events' own columns; one that is left out does not filter. */
export type EventFilter = Readonly<{
  /** The answer holds nothing above it. */
  upTo: bigint;
  tenantIds?: readonly string[] | undefined;
  types?: readonly string[] | undefined;
  streamKey?: string | undefined;
  factKinds?: readonly FactKind[] | undefined;
  meters?: readonly string[] | undefined;
  providers?: readonly string[] | undefined;
  currency?: string | undefined;
  mode?: Mode | undefined;
  webhookId?: string | undefined;
  correlationId?: string | undefined;
  occurredFrom?: Date | undefined;
  occurredTo?: Date | undefined;
  positionFrom?: bigint | undefined;
  positionTo?: bigint | undefined;
}>;

export type EventPageRequest = Readonly<{
  order: 'oldest-first' | 'newest-first';
  after?: string | undefined;
  limit: number;
}>;

/** Events by their own columns, in the order of their positions. */
export async function listEvents(tx: Tx, filter: EventFilter, page: EventPageRequest): Promise<readonly EventRow[]> {
  const { rows } = await tx.query<EventRow>(
    `select ${EVENT_COLUMNS}
     from hookledger.events e
     where e.position <= $1::bigint
       and ($2::text[] is null or e.tenant_id = any ($2::text[]))
       and ($3::text[] is null or e.type = any ($3::text[]))
       and ($4::text is null or e.stream_key = $4::text)
       and ($5::text[] is null or e.fact_kind = any ($5::text[]))
       and ($6::text[] is null or e.meter = any ($6::text[]))
       and ($7::text[] is null or e.provider = any ($7::text[]))
       and ($8::text is null or e.currency = $8::text)
       and ($9::text is null or e.mode = $9::text)
       and ($10::uuid is null or e.webhook_id = $10::uuid)
       and ($11::uuid is null or e.correlation_id = $11::uuid)
       and ($12::timestamptz is null or e.occurred_at >= $12::timestamptz)
       and ($13::timestamptz is null or e.occurred_at < $13::timestamptz)
       and ($14::bigint is null or e.position >= $14::bigint)
       and ($15::bigint is null or e.position <= $15::bigint)
       and ${pageCondition(page, '$16', '$17')}`,
    [
      String(filter.upTo),
      filter.tenantIds ?? null,
      filter.types ?? null,
      filter.streamKey ?? null,
      filter.factKinds ?? null,
      filter.meters ?? null,
      filter.providers ?? null,
      filter.currency ?? null,
      filter.mode ?? null,
      filter.webhookId ?? null,
      filter.correlationId ?? null,
      filter.occurredFrom ?? null,
      filter.occurredTo ?? null,
      filter.positionFrom?.toString() ?? null,
      filter.positionTo?.toString() ?? null,
      page.after ?? null,
      page.limit,
    ],
  );
  return rows;
}

/** Exactly the events behind a figure. */
export async function listFigureEvents(
  tx: Tx,
  models: Models,
  scope: FigureScope,
  page: EventPageRequest,
): Promise<readonly EventRow[]> {
  const { rows } = await tx.query<EventRow>(
    `select ${EVENT_COLUMNS}
     from hookledger.events e
     where e.position in (${figureEventSelect(scope, models)})
       and ($12::bigint is null or e.position >= $12::bigint) and ${pageCondition(page, '$13', '$14')}`,
    [...(await figureEventValues(tx, models, scope)), scope.positionFrom ?? null, page.after ?? null, page.limit],
  );
  return rows;
}

function pageCondition({ order }: EventPageRequest, after: string, limit: string): string {
  const [comparison, direction] = order === 'oldest-first' ? ['>', 'asc'] : ['<', 'desc'];
  return `(${after}::bigint is null or e.position ${comparison} ${after}::bigint)
     order by e.position ${direction} limit ${limit}::integer`;
}

/** How far the log may be read; the same for every reader. */
export async function readHighWaterMark(tx: Tx): Promise<bigint> {
  const { rows } = await tx.query<{ position: string }>('select position from hookledger.high_water_mark');
  return BigInt(rows[0]?.position ?? '0');
}

/** One event by its id; undefined also when another tenant's. `personal` only where the reader may see it. */
export async function readEvent(
  tx: Tx,
  eventId: string,
  { withPersonal }: { withPersonal: boolean },
): Promise<(EventRow & { personal?: unknown }) | undefined> {
  const { rows } = await tx.query<EventRow & { personal?: unknown }>(
    `select ${EVENT_COLUMNS}${withPersonal ? ', e.personal' : ''} from hookledger.events e where e.event_id = $1::uuid`,
    [eventId],
  );
  return rows[0];
}
