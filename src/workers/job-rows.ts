import type { RecordedEvent } from '../domain/envelope.ts';
import type { Message } from '../transports/transport.ts';
import type { Effect } from './handler.ts';

export type Attempt = Readonly<{
  attempt: number;
  outcome: 'done' | 'retry' | 'dead';
  /** What went wrong, without data of the event. */
  detail?: string;
  transport: string;
  startedAt: Date;
  durationMs: number;
}>;

/** What names a job in every table. */
export function jobRow(message: Message): Record<string, unknown> {
  return {
    position: message.position,
    queue: message.queue,
    replay_id: message.replayId,
    generation: message.generation,
    tenant_id: message.tenantId,
  };
}

/** A row of hookledger.job_attempts. */
export function attemptRow(message: Message, attempt: Attempt): Record<string, unknown> {
  return { ...jobRow(message), ...triedRow(attempt), outcome: attempt.outcome, detail: attempt.detail };
}

/** What an attempt adds to its job. */
export function triedRow(attempt: Attempt): Record<string, unknown> {
  return {
    attempt: attempt.attempt,
    transport: attempt.transport,
    started_at: attempt.startedAt,
    duration_ms: attempt.durationMs,
  };
}

/** A row of hookledger.notifications. */
export function notificationRow(event: RecordedEvent, effect: Effect): Record<string, unknown> {
  return {
    dedupe_key: effect.dedupeKey,
    tenant_id: event.tenantId,
    kind: effect.notification,
    subject: effect.subject,
    data: effect.data,
    event_id: event.eventId,
    position: String(event.position),
  };
}
