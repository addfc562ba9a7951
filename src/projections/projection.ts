import type { RecordedEvent } from '../domain/envelope.ts';
import type { EventType } from '../domain/events.ts';
import type { Tx } from '../platform/postgres.ts';

/**
 * A read model and how it is folded from the log. A fold is pure: no clock, no randomness, no I/O but its own tables
 * (and those that administrative events are folded into, seen as of the event's position). The same events give the
 * same rows, whatever the batching.
 */
export type Projection = Readonly<{
  name: string;
  /** Of its tables (`…_v1`). */
  version: number;
  /** Of the fold: one that gives other rows for the same events is another version of it, in the code beside this one. */
  foldVersion: number;
  types: readonly EventType[];
  /** What it writes, without the version. */
  tables: readonly string[];
  /** The same fold into the tables of another version of the read model. */
  at(version: number): Projection;
  /**
   * Writes what the events change, inside the caller's transaction, which also moves the checkpoint. Events come once,
   * in the order of their positions, and are of `types` only.
   * @throws UnfoldableEventError naming the event that it stopped at.
   */
  fold(tx: Tx, events: readonly RecordedEvent[]): Promise<void>;
  wholeStreams: WholeStreamFold;
}>;

/** Rows to be inserted, by table without the version. */
export type TableRows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/**
 * The same fold, stream by stream instead of batch by batch: each from its first event on, so that many streams can be
 * folded at once and none has to be read back. What it writes is, after `finish`, what `fold` would have written.
 */
export type WholeStreamFold = Readonly<{
  /** Types whose events concern other streams than their own. */
  broadcast: readonly EventType[];
  /** `broadcast`: every such event up to where the streams are read. The answer is pure. */
  prepare(tx: Tx, broadcast: readonly RecordedEvent[]): Promise<(stream: readonly RecordedEvent[]) => TableRows>;
  /** Once all streams are written, and before there are indexes: what crosses streams. Safe to repeat. */
  finish(tx: Tx, broadcast: readonly RecordedEvent[]): Promise<void>;
  /** SQL that fills a table from the others, after `finish`; by the table without the version. */
  sums: Readonly<Record<string, string>>;
}>;

/** The projection stands still at this event until the code can read it: figures that skip one would be wrong. */
export class UnfoldableEventError extends Error {
  override readonly name = 'UnfoldableEventError';
  readonly code = 'unfoldable_event';
  readonly position: bigint;
  readonly eventId: string;

  constructor(event: RecordedEvent, cause: unknown) {
    super(
      `Cannot fold ${event.type} ${event.eventId} at position ${event.position}. ` +
        'The projection waits there; deploy code that can read it.',
      { cause },
    );
    this.position = event.position;
    this.eventId = event.eventId;
  }
}

/** Runs one pure step; its failure names the event. */
export function foldOne<T>(event: RecordedEvent, step: () => T): T {
  try {
    return step();
  } catch (cause) {
    throw new UnfoldableEventError(event, cause);
  }
}
