import type { Queue } from '../../domain/queues.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { DeadLetterFilter } from './dead-letter.ts';
import { filterValues, matchingLetters } from './dead-letter.ts';

/** Deaths of one bug: of one queue, event type, cause and error. Not for a tenant's reader. */
export type DeadLetterGroup = Readonly<{
  fingerprint: string;
  queue: Queue;
  eventType: string;
  cause: string;
  /** Of the latest death. */
  detail: string;
  letters: number;
  /** Of those, how many wait for a person; were redriven and have not ended since; are done since. */
  open: number;
  redriven: number;
  done: number;
  tenants: number;
  firstDiedAt: Date;
  lastDiedAt: Date;
}>;

/** Where a page of groups begins: below this one. */
export type DeadLetterGroupKey = Readonly<Pick<DeadLetterGroup, 'lastDiedAt' | 'fingerprint'>>;

/** By their latest death, newest first. */
export async function groupDeadLetters(
  tx: Tx,
  filter: DeadLetterFilter,
  { after, limit }: Readonly<{ after?: DeadLetterGroupKey | undefined; limit: number }>,
): Promise<readonly DeadLetterGroup[]> {
  const { rows } = await tx.query<DeadLetterGroup>(
    `with matching as (${matchingLetters()})
     select fingerprint, queue, event_type as "eventType", cause,
       (array_agg(detail order by died_at desc, position desc))[1] as detail, count(*)::integer as letters,
       count(*) filter (where state = 'open')::integer as open,
       count(*) filter (where state = 'redriven')::integer as redriven,
       count(*) filter (where state = 'done')::integer as done,
       count(distinct tenant_id)::integer as tenants, min(died_at) as "firstDiedAt", max(died_at) as "lastDiedAt"
     from matching
     group by fingerprint, queue, event_type, cause
     having $9::timestamptz is null or (max(died_at), fingerprint) < ($9::timestamptz, $10::text)
     order by max(died_at) desc, fingerprint desc
     limit $11::integer`,
    [...filterValues(filter), after?.lastDiedAt ?? null, after?.fingerprint ?? null, limit],
  );
  return rows;
}
