import type { Tx } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';

export type Attempt = Readonly<{
  attempt: number;
  outcome: 'done' | 'retry' | 'dead';
  /** What went wrong, without data of the event. */
  detail?: string;
  transport: string;
  startedAt: Date;
  durationMs: number;
}>;

export async function recordAttempt(tx: Tx, message: Message, attempt: Attempt): Promise<void> {
  await tx.query(
    `insert into hookledger.job_attempts
       (position, queue, replay_id, generation, tenant_id, attempt, outcome, detail, transport, started_at, duration_ms)
     values ($1::bigint, $2::text, $3::text, $4::integer, $5::text, $6::integer, $7::text, $8::text, $9::text,
       $10::timestamptz, $11::integer)`,
    [
      message.position,
      message.queue,
      message.replayId,
      message.generation,
      message.tenantId,
      attempt.attempt,
      attempt.outcome,
      attempt.detail ?? null,
      attempt.transport,
      attempt.startedAt,
      attempt.durationMs,
    ],
  );
}
