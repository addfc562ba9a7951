import type { Queue } from '../domain/queues.ts';
import { typesRoutedTo } from '../domain/queues.ts';
import type { Pool } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { DeclaredHandler } from './handler.ts';

/**
 * Writes down which of all queues are handled in the order of each stream, and what they do after a dead job, in a
 * transaction of its own: whoever looks for held streams has no handlers to ask. Safe to repeat; of processes that
 * differ the last one holds.
 */
export async function declareQueues(
  pool: Pool,
  queues: readonly (DeclaredHandler & Readonly<{ queue: Queue }>)[],
): Promise<void> {
  const ordered = queues
    .filter(({ order }) => order === 'stream')
    .map(({ queue, onDead = 'go on' }) => ({ queue, on_dead: onDead, types: typesRoutedTo(queue) }));
  await withTransaction(pool, { tenant: '*' }, (tx) =>
    tx.query(
      `with declared as (
         select * from json_to_recordset($1::json) d (queue text, on_dead text, types text[])
       ), gone as (
         delete from hookledger.ordered_queues o where not exists (select from declared d where d.queue = o.queue)
       )
       insert into hookledger.ordered_queues as o (queue, on_dead, types)
       select d.queue, d.on_dead, d.types from declared d order by d.queue
       on conflict (queue) do update
       set on_dead = excluded.on_dead, types = excluded.types, declared_at = clock_timestamp()
       where (o.on_dead, o.types) is distinct from (excluded.on_dead, excluded.types)`,
      [JSON.stringify(ordered)],
    ),
  );
}
