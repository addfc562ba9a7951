import { formatDecimal, parseDecimal } from '../../domain/decimal.ts';
import type { RecordedEvent } from '../../domain/envelope.ts';
import { PROJECTIONS } from '../../projections/all-projections.ts';
import type { Projection } from '../../projections/projection.ts';
import { usageProjection } from '../../projections/usage-projection.ts';

const MINUTE = 60n;

/** Of the fold of usage that the demo rebuilds by. */
export const DEMO_FOLD = 2;

/** The folds of the release, and a second one of usage, which the demo rebuilds by. */
export const DEMO_PROJECTIONS: readonly Projection[] = [...PROJECTIONS, startedMinutesAt(1)];

/** As a new agreement has it: from November 2026 on, calls count by started minutes. What was reported before stays. */
const FROM = new Date('2026-11-01T00:00:00Z');

function startedMinutesAt(version: number): Projection {
  const usage = usageProjection.at(version);
  const { wholeStreams } = usage;
  return {
    ...usage,
    foldVersion: DEMO_FOLD,
    at: startedMinutesAt,
    fold: (tx, events) => usage.fold(tx, events.map(startedMinutes)),
    wholeStreams: {
      ...wholeStreams,
      async prepare(tx, broadcast) {
        const fold = await wholeStreams.prepare(tx, broadcast);
        return (stream) => fold(stream.map(startedMinutes));
      },
    },
  };
}

function startedMinutes(event: RecordedEvent): RecordedEvent {
  const { fact } = event;
  if (fact?.quantity === undefined || fact.meter !== 'call_seconds' || event.occurredAt < FROM) return event;
  const { units, scale } = parseDecimal(fact.quantity);
  const minute = MINUTE * 10n ** BigInt(scale);
  const started = ((units + minute - 1n) / minute) * MINUTE;
  return { ...event, fact: { ...fact, quantity: formatDecimal({ units: started, scale: 0 }) } };
}
