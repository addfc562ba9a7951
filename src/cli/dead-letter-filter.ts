import { QUEUES } from '../domain/queues.ts';
import { systemClock } from '../platform/clock.ts';
import type { DeadLetterFilter } from '../workers/dead-letters/dead-letter.ts';
import { oneOf } from './command.ts';
import { parseMoment } from './parse-moment.ts';

/** Which letters a command is about. */
export const filterOptions = {
  queue: { type: 'string', multiple: true, value: 'QUEUE', description: 'Of this queue only' },
  tenant: { type: 'string', multiple: true, value: 'ID', description: 'Of this tenant only' },
  cause: { type: 'string', multiple: true, value: 'CAUSE', description: 'Of this cause only' },
  fingerprint: { type: 'string', multiple: true, value: 'F', description: 'Of this group only; see list --group' },
  since: { type: 'string', value: 'TIME', description: 'That died since; ISO 8601, or ago such as 12h' },
  until: { type: 'string', value: 'TIME', description: 'That died before; likewise' },
} as const;

type FilterValues = Readonly<
  Partial<Record<'queue' | 'tenant' | 'cause' | 'fingerprint', readonly string[]> & Record<'since' | 'until', string>>
>;

/** @throws UsageError for a queue or a time that there is not. */
export function readFilter({ queue, tenant, cause, fingerprint, since, until }: FilterValues): DeadLetterFilter {
  const now = systemClock.now();
  return {
    queues: queue?.map((name) => oneOf(QUEUES, name, '--queue')),
    tenantIds: tenant,
    causes: cause,
    fingerprints: fingerprint,
    since: since === undefined ? undefined : parseMoment(since, '--since', now),
    until: until === undefined ? undefined : parseMoment(until, '--until', now),
  };
}
