import type { RecordedEvent } from '../domain/envelope.ts';
import type { DomainEvent } from '../domain/events.ts';

/** What the runtime writes in the job's transaction. A handler gets no client: it returns data. */
export type Effect = Readonly<{
  kind: 'notification';
  /** Unique per tenant and notification kind: a second effect with the same key changes nothing. */
  dedupeKey: string;
  notification: string;
  subject: string;
  data: Readonly<Record<string, string>>;
}>;

export type HandlerResult =
  | Readonly<{ kind: 'done'; effects?: readonly Effect[]; events?: readonly DomainEvent[] }>
  /** Not yet: come back later, without counting as a try. */
  | Readonly<{ kind: 'snooze'; delayMs: number }>;

/** A throw is a failed try; `UnrecoverableJobError` ends the job. May run more than once for one job. */
export type Handler = (event: RecordedEvent, signal: AbortSignal) => Promise<HandlerResult>;
