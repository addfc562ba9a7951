import type { Tx } from '../platform/postgres.ts';
import { foldCallLinks } from './call-links.ts';
import type { CallLink } from './call-links.ts';
import { foldStreams } from './fold-streams.ts';
import type { StreamRows } from './fold-streams.ts';
import type { Projection } from './projection.ts';

/** Which calls are legs of which. What they used and cost is in the usage read model, under keys of their own. */
export const callsProjection: Projection = {
  name: 'calls',
  version: 1,
  types: ['CallLinked', 'StreamTenantMoved'],
  async fold(tx, events) {
    const ofCalls = events.filter(({ streamKind }) => streamKind === 'call');
    if (ofCalls.length === 0) return;
    const loaded = await loadLinks(tx, [...new Set(ofCalls.map(({ streamKey }) => streamKey))]);
    const { lines } = foldStreams(loaded, ofCalls, foldCallLinks);
    await insertLinks(tx, lines);
  },
};

async function loadLinks(tx: Tx, streamKeys: readonly string[]): Promise<ReadonlyMap<string, readonly CallLink[]>> {
  const { rows } = await tx.query<CallLink & { streamKey: string }>(
    `select stream_key as "streamKey", provider, account, linked_id as "linkedId", tenant_id as "tenantId"
     from hookledger.call_links_v1
     where stream_key = any ($1::text[])
     order by position, provider, linked_id`,
    [streamKeys],
  );
  return Map.groupBy(rows, ({ streamKey }) => streamKey);
}

async function insertLinks(tx: Tx, lines: StreamRows<readonly CallLink[], CallLink>['lines']): Promise<void> {
  if (lines.length === 0) return;
  const rows = lines.map(({ event, line }) => ({
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
  await tx.query(
    `insert into hookledger.call_links_v1
     select * from json_populate_recordset(null::hookledger.call_links_v1, $1::json)`,
    [JSON.stringify(rows)],
  );
}
