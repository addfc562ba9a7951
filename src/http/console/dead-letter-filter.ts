import type { Request } from 'express';
import { QUEUES } from '../../domain/queues.ts';
import type { Queue } from '../../domain/queues.ts';
import { LETTER_STATES } from '../../workers/dead-letters/dead-letter.ts';
import type { DeadLetterFilter, LetterState } from '../../workers/dead-letters/dead-letter.ts';
import { listOfOne, readTime, readWord, timeOf } from './query-words.ts';

/** The filters of dead letters, as the address says them. */
export type DeadLetterFilterWords = Readonly<{
  event: string | undefined;
  queue: Queue | undefined;
  tenant: string | undefined;
  cause: string | undefined;
  fingerprint: string | undefined;
  state: LetterState | undefined;
  from: string | undefined;
  to: string | undefined;
}>;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What makes no sense is as if it were not there. */
export function readDeadLetterFilter(query: Request['query']): DeadLetterFilterWords {
  const event = readWord(query['event']);
  return {
    event: event !== undefined && UUID.test(event) ? event : undefined,
    queue: QUEUES.find((queue) => queue === query['queue']),
    tenant: readWord(query['tenant']),
    cause: readWord(query['cause']),
    fingerprint: readWord(query['fingerprint']),
    state: LETTER_STATES.find((state) => state === query['state']),
    from: readTime(query['from']),
    to: readTime(query['to']),
  };
}

export function deadLetterFilter(words: DeadLetterFilterWords): DeadLetterFilter {
  return {
    eventId: words.event,
    queues: listOfOne(words.queue),
    tenantIds: listOfOne(words.tenant),
    causes: listOfOne(words.cause),
    fingerprints: listOfOne(words.fingerprint),
    states: listOfOne(words.state),
    since: timeOf(words.from),
    until: timeOf(words.to),
  };
}
