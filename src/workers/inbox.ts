import type { Tx } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';

export type InboxOutcome = 'done' | 'dead' | 'expired' | 'purged';

/** How this job ended, if it has. */
export async function readInbox(
  tx: Tx,
  message: Message,
): Promise<Readonly<{ outcome: InboxOutcome; generation: number }> | undefined> {
  const { rows } = await tx.query<{ outcome: InboxOutcome; generation: number }>(
    `select outcome, generation from hookledger.inbox
     where position = $1::bigint and queue = $2::text and replay_id = $3::text`,
    [message.position, message.queue, message.replayId],
  );
  return rows[0];
}

/**
 * Ends the job in the caller's transaction. `done` is absorbing; another end becomes `done` only by a higher
 * generation. Answers whether the row was written; when not, the job had ended already, and the transaction must
 * write no effect.
 */
export async function endInInbox(tx: Tx, message: Message, outcome: 'done' | 'dead'): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into hookledger.inbox as i (position, queue, replay_id, tenant_id, generation, outcome)
     values ($1::bigint, $2::text, $3::text, $4::text, $5::integer, $6::text)
     on conflict (position, queue, replay_id) do update
     set outcome = excluded.outcome, generation = excluded.generation, ended_at = clock_timestamp()
     where i.outcome <> 'done' and excluded.outcome = 'done' and i.generation < excluded.generation`,
    [message.position, message.queue, message.replayId, message.tenantId, message.generation, outcome],
  );
  return rowCount === 1;
}
