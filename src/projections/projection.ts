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
  /** Of the fold and of its tables (`…_v1`). Folding differently is a new version beside this one. */
  version: number;
  types: readonly EventType[];
  /**
   * Writes what the events change, inside the caller's transaction, which also moves the checkpoint. Events come once,
   * in the order of their positions, and are of `types` only.
   * @throws UnfoldableEventError naming the event that it stopped at.
   */
  fold(tx: Tx, events: readonly RecordedEvent[]): Promise<void>;
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
