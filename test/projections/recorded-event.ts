import type { RecordedEvent, RecordedFact } from '../../src/domain/envelope.ts';
import { catalogue } from '../../src/domain/events.ts';
import type { EventData, EventType } from '../../src/domain/events.ts';
import type { StreamKind } from '../../src/domain/stream.ts';

/** A time in the morning of 2 November 2026. */
export function at(clock: string): Date {
  return new Date(`2026-11-02T${clock}:00.000Z`);
}

type Options<T extends EventType> = Readonly<{
  position: number;
  stream?: string;
  kind: StreamKind;
  tenantId?: string;
  occurredAt?: Date;
  fact?: Partial<RecordedFact> & Pick<RecordedFact, 'key' | 'kind'>;
  data: EventData<T>;
}>;

/** A row of the log: of tenant A, in test mode, of stream `kind/1`, at 09:00, unless told otherwise. */
export function recordedEvent<T extends EventType>(type: T, options: Options<T>): RecordedEvent {
  const { position, kind, fact, data } = options;
  const externalId = options.stream ?? '1';
  return {
    position: BigInt(position),
    eventId: `00000000-0000-7000-8000-${String(position).padStart(12, '0')}`,
    type,
    schemaVersion: catalogue[type].version,
    streamKey: `${kind}/${externalId}`,
    streamKind: kind,
    version: BigInt(position),
    tenantId: options.tenantId ?? 'A',
    provider: kind === 'call' ? 'retell' : 'stripe',
    account: 'account_1',
    externalId,
    mode: 'test',
    books: 'platform',
    correlationId: '00000000-0000-7000-8000-000000000000',
    occurredAt: options.occurredAt ?? at('09:00'),
    recordedAt: at('09:30'),
    ...(fact === undefined
      ? {}
      : { fact: { rank: 10, providerTime: at('09:10'), meter: 'meter', unit: 'unit', ...fact } }),
    data,
  };
}
