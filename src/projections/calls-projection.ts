import type { RecordedEvent } from '../domain/envelope.ts';
import type { Tx } from '../platform/postgres.ts';
import { foldCallLinks } from './call-links.ts';
import type { CallLink } from './call-links.ts';
import { foldStreams } from './fold-streams.ts';
import { insertRows } from './insert-rows.ts';
import type { Projection } from './projection.ts';
import { versionTable } from './version-table.ts';

/** Which calls are legs of which. What they used and cost is in the usage read model, under keys of their own. */
export const callsProjection = callsProjectionAt(1);

function callsProjectionAt(version: number): Projection {
  const table = versionTable('call_links', version);
  return {
    name: 'calls',
    version,
    foldVersion: 1,
    types: ['CallLinked', 'StreamTenantMoved'],
    tables: ['call_links'],
    at: callsProjectionAt,
    async fold(tx, events) {
      const ofCalls = events.filter(isOfCall);
      if (ofCalls.length === 0) return;
      const loaded = await loadLinks(tx, table, [...new Set(ofCalls.map(({ streamKey }) => streamKey))]);
      await insertRows(tx, table, rowsOf(loaded, ofCalls));
    },
    wholeStreams: {
      broadcast: [],
      prepare: () => Promise.resolve((stream) => ({ call_links: rowsOf(new Map(), stream.filter(isOfCall)) })),
      finish: () => Promise.resolve(),
      sums: {},
    },
  };
}

type Links = ReadonlyMap<string, readonly CallLink[]>;

async function loadLinks(tx: Tx, table: string, streamKeys: readonly string[]): Promise<Links> {
  const { rows } = await tx.query<CallLink & { streamKey: string }>(
    `select stream_key as "streamKey", provider, account, linked_id as "linkedId", tenant_id as "tenantId"
     from ${table}
     where stream_key = any ($1::text[])
     order by position, provider, linked_id`,
    [streamKeys],
  );
  return Map.groupBy(rows, ({ streamKey }) => streamKey);
}

function rowsOf(loaded: Links, events: readonly RecordedEvent[]): readonly Record<string, unknown>[] {
  return foldStreams(loaded, events, foldCallLinks).lines.map(({ event, line }) => ({
    stream_key: event.streamKey,
    provider: line.provider,
    account: line.account,
    linked_id: line.linkedId,
    tenant_id: line.tenantId,
    mode: event.mode,
    books: event.books,
    position: String(event.position),
    event_id: event.eventId,
  }));
}

function isOfCall({ streamKind }: RecordedEvent): boolean {
  return streamKind === 'call';
}
