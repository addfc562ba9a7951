import type { RecordedEvent } from '../domain/envelope.ts';
import { foldOne } from './projection.ts';

/** What an event makes of its stream's state; undefined when it does not touch it. */
export type StreamStep<State, Line> = Readonly<{ state: State; lines: readonly Line[] }>;

export type StreamRows<State, Line> = Readonly<{
  /** The state after each event that touched it, and before; undefined where the event is its first. */
  rows: readonly Readonly<{ event: RecordedEvent; before: State | undefined; state: State }>[];
  /** Numbered within the event that caused them, from 1. */
  lines: readonly Readonly<{ event: RecordedEvent; lineNo: number; line: Line }>[];
}>;

/** Folds events in order, each into the state of its stream. */
export function foldStreams<State, Line>(
  loaded: ReadonlyMap<string, State>,
  events: readonly RecordedEvent[],
  fold: (before: State | undefined, event: RecordedEvent) => StreamStep<State, Line> | undefined,
): StreamRows<State, Line> {
  const states = new Map(loaded);
  const rows: { event: RecordedEvent; before: State | undefined; state: State }[] = [];
  const lines: { event: RecordedEvent; lineNo: number; line: Line }[] = [];
  for (const event of events) {
    const before = states.get(event.streamKey);
    const step = foldOne(event, () => fold(before, event));
    if (step === undefined) continue;
    states.set(event.streamKey, step.state);
    rows.push({ event, before, state: step.state });
    step.lines.forEach((line, index) => lines.push({ event, lineNo: index + 1, line }));
  }
  return { rows, lines };
}
