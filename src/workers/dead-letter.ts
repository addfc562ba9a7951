import type { Tx } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import { endInInbox } from './inbox.ts';

/** Ends a job without success: inbox row and dead letter, in the caller's transaction. Safe to repeat. */
export async function buryJob(
  tx: Tx,
  message: Message,
  death: Readonly<{ cause: string; detail: string; attempts: number }>,
): Promise<void> {
  await endInInbox(tx, message, 'dead');
  await tx.query(
    `insert into hookledger.dead_letters
       (position, queue, replay_id, generation, tenant_id, event_id, event_type, cause, detail, attempts)
     values ($1::bigint, $2::text, $3::text, $4::integer, $5::text, $6::uuid, $7::text, $8::text, $9::text, $10::integer)
     on conflict do nothing`,
    [
      message.position,
      message.queue,
      message.replayId,
      message.generation,
      message.tenantId,
      message.eventId,
      message.eventType,
      death.cause,
      death.detail,
      death.attempts,
    ],
  );
}
