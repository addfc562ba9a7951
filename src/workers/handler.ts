import type { RecordedEvent } from '../domain/envelope.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { OutboundCall } from './run-calls.ts';

/** What the runtime writes in the job's transaction. A handler gets no client: it returns data. */
export type Effect = Readonly<{
  kind: 'notification';
  /** Unique per tenant and notification kind: a second effect with the same key changes nothing. */
  dedupeKey: string;
  notification: string;
  subject: string;
  data: Readonly<Record<string, string>>;
}>;

/** What the job writes when it ends. */
export type FollowUp = Readonly<{ effects?: readonly Effect[]; events?: readonly DomainEvent[] }>;

export type HandlerResult =
  /** `calls` are made first, in their order; what each one's `onDone` answers is written with the rest, all or none. */
  | (FollowUp & Readonly<{ kind: 'done'; calls?: readonly OutboundCall<FollowUp>[] }>)
  /** Not yet: come back later, without counting as a try. */
  | Readonly<{ kind: 'snooze'; delayMs: number }>
  /** A failed try that is expected; `retryAfterMs` is what the other side asked for. Dead when the tries are used up. */
  | Readonly<{ kind: 'retry'; reason: string; retryAfterMs?: number }>
  /** Failed for good: trying again could not help. */
  | Readonly<{ kind: 'dead'; reason: string }>;

export type JobContext = Readonly<{
  /** Aborted when the job is taken away; see `Delivery`. */
  signal: AbortSignal;
  /** 1 for the first try of this generation. */
  attempt: number;
  /** Redriven or published again: what was true when the event happened may be so no longer. */
  isLate: boolean;
  /** Names the job on every transport: the same for every delivery of this generation. */
  key: string;
  /** Since its event was recorded, by the database's clock. */
  ageMs: number;
}>;

/** A throw is a failed try; `UnrecoverableJobError` ends the job. May run more than once for one job. */
export type Handler = (event: RecordedEvent, job: JobContext) => Promise<HandlerResult>;

/** A handler with what it asks for. */
export type DeclaredHandler = Readonly<{
  handler: Handler;
  /** The jobs of each stream are handled one after the other, in the order of its events. Without it, in any order. */
  order?: 'stream';
  /**
   * In order, after a job that died: the stream goes on with the next one, as when left out; or it stands until the dead
   * job is redriven or purged, which is an alarm.
   */
  onDead?: 'go on' | 'hold';
}>;
