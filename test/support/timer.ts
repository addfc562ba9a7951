import { randomUUID } from 'node:crypto';
import type { Timer } from '../../src/event-store/timers.ts';

/** A timer that is due an hour from now unless told otherwise, in the stream of a call. */
export function timer(key: string, options: Partial<Omit<Timer, 'key'>> & { call?: string } = {}): Timer {
  const { call = `call_${key}`, ...rest } = options;
  return {
    key,
    due: { inMs: 3_600_000 },
    task: 'remind',
    data: { step: 'first' },
    stream: { kind: 'call', provider: 'retell', account: 'org_1', mode: 'test', externalId: call },
    tenantId: 'unassigned',
    books: 'platform',
    correlationId: randomUUID(),
    ...rest,
  };
}
