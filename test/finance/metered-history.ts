import fc from 'fast-check';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import { UNASSIGNED } from '../../src/domain/envelope.ts';
import { readEventData } from '../../src/domain/events.ts';
import { compareReports, factKey } from '../../src/domain/facts.ts';
import type { MeteredFact } from '../../src/domain/meters.ts';
import type { Stream } from '../../src/domain/stream.ts';
import type { Told } from '../projections/history.ts';
import { TENANTS } from '../projections/history.ts';

const streamOf = (id: string): Stream => ({
  kind: 'provider-object',
  provider: 'custom',
  account: 'account_1',
  mode: 'live',
  externalId: id,
});

const METERS = [
  { meter: 'seats', unit: 'seat' },
  { meter: 'desks', unit: 'seat' },
  { meter: 'storage', unit: 'gigabyte' },
] as const;
const QUANTITIES = ['1', '3', '0', '-2', '0.000000000001', '7.25', '123456789012345678.9'] as const;

/** Few, so that facts meet at one moment; long before the ranges, in them, on their bounds, and in the hour that is missing. */
const occurredAt = fc.oneof(
  fc.constantFrom(
    '2026-01-05T00:00:00.000Z',
    '2026-03-27T23:00:00.000Z',
    '2026-03-28T22:59:59.999Z',
    '2026-03-29T00:59:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-04-05T00:30:00.000Z',
  ),
  fc
    .integer({ min: 0, max: 12 * 86_400_000 })
    .map((offsetMs) => new Date(Date.parse('2026-03-27T00:00:00Z') + offsetMs).toISOString()),
);

const readingOf = (quantity: fc.Arbitrary<string | undefined>): fc.Arbitrary<Told> =>
  fc
    .record({
      id: fc.constantFrom('1', '2', '3'),
      name: fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5'),
      meter: fc.constantFrom(...METERS),
      occurredAt,
      providerTime: fc.constantFrom('2026-04-01T11:00:00.000Z', '2026-04-01T11:00:01.000Z'),
      rank: fc.constantFrom(10, 20),
      quantity,
      tenantId: fc.constantFrom(UNASSIGNED, ...TENANTS),
    })
    .map(({ id, name, meter, occurredAt: at, tenantId, quantity: told, ...order }) => {
      const stream = streamOf(id);
      const key = factKey(stream, name);
      const fact = {
        key,
        kind: 'usage' as const,
        ...meter,
        ...order,
        ...(told === undefined ? {} : { quantity: told }),
      };
      const data = { recordingId: name };
      return {
        event: { type: 'RecordingCompleted', stream, occurredAt: at, data, fact },
        tenantId,
        books: 'platform',
      };
    });

const move = fc
  .record({ id: fc.constantFrom('1', '2', '3'), to: fc.constantFrom(...TENANTS) })
  .map(({ id, to }): Told => ({
    event: {
      type: 'StreamTenantMoved',
      stream: streamOf(id),
      occurredAt: '2026-04-03T00:00:00.000Z',
      data: { from: UNASSIGNED, to, reason: 'a person said so' },
    },
    tenantId: to,
    books: 'platform',
  }));

const historyOf = (quantity: fc.Arbitrary<string | undefined>): fc.Arbitrary<readonly Told[]> =>
  fc.array(fc.oneof({ arbitrary: readingOf(quantity), weight: 6 }, { arbitrary: move, weight: 1 }), {
    minLength: 1,
    maxLength: 60,
    size: 'max',
  });

/**
 * Readings of three things on three meters: corrected, put to another time or meter, moved to another tenant. In every
 * other history some do not tell their quantity.
 */
export const meterHistory = fc.oneof(
  historyOf(fc.constantFrom(...QUANTITIES)),
  historyOf(fc.constantFrom(...QUANTITIES, undefined, undefined)),
);

/** The facts of a log so far, worked out from its reports alone: what the read models should hold. */
export function meteredFacts(events: readonly RecordedEvent[]): readonly MeteredFact[] {
  const tenants = new Map<string, string>();
  const winners = new Map<string, RecordedEvent>();
  const firstPositions = new Map<string, bigint>();
  const facts = new Map<string, MeteredFact>();
  for (const event of events) {
    const { streamKey, type, fact, position } = event;
    if (type === 'StreamTenantMoved') {
      tenants.set(streamKey, readEventData(type, event.schemaVersion, event.data).to);
    } else if (!tenants.has(streamKey)) {
      tenants.set(streamKey, event.tenantId);
    }
    if (fact !== undefined) winners.set(fact.key, greater(event, winners.get(fact.key)));
    for (const winner of winners.values()) {
      if (winner.streamKey !== streamKey || winner.fact === undefined) continue;
      const { key, meter, unit, quantity = null } = winner.fact;
      const { provider = '', occurredAt } = winner;
      const place = { tenantId: tenants.get(streamKey) ?? '', provider, meter, unit, occurredAt };
      const placeKey = JSON.stringify([key, place]);
      const first = firstPositions.get(placeKey) ?? position;
      firstPositions.set(placeKey, first);
      facts.set(key, { ...place, factKey: key, streamKey, position: first, quantity });
    }
  }
  return [...facts.values()];
}

function greater(a: RecordedEvent, b: RecordedEvent | undefined): RecordedEvent {
  return b === undefined || compareReports(orderOf(a), orderOf(b)) > 0 ? a : b;
}

function orderOf({ fact, position }: RecordedEvent) {
  return { rank: fact?.rank ?? 0, providerTimeMs: fact?.providerTime.getTime() ?? 0, position };
}
