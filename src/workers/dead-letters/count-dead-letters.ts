import type { Tx } from '../../platform/postgres.ts';
import type { DeadLetterFilter, LetterState } from './dead-letter.ts';
import { filterValues, LETTER_STATES, matchingLetters } from './dead-letter.ts';

export type DeadLetterCounts = Readonly<{
  total: number;
  byState: Readonly<Record<LetterState, number>>;
  tenants: number;
  /** Whoever goes on with these letters takes those that died before this moment, and none that dies meanwhile. */
  until: Date;
}>;

export async function countDeadLetters(tx: Tx, filter: DeadLetterFilter): Promise<DeadLetterCounts> {
  const { rows } = await tx.query<{ states: Partial<Record<string, number>>; tenants: number; until: Date }>(
    `with matching as materialized (${matchingLetters()})
     select
       (select coalesce(jsonb_object_agg(s.state, s.letters), '{}')
        from (select state, count(*)::integer as letters from matching group by state) s) as states,
       (select count(distinct tenant_id)::integer from matching) as tenants,
       -- Times of death are rounded to the millisecond.
       least($7::timestamptz, date_trunc('milliseconds', clock_timestamp()) + interval '2 milliseconds') as until`,
    [...filterValues(filter)],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('Counting dead letters answered nothing.');
  const count = (state: LetterState): number => row.states[state] ?? 0;
  return {
    total: LETTER_STATES.reduce((sum, state) => sum + count(state), 0),
    byState: {
      open: count('open'),
      redriven: count('redriven'),
      'died-again': count('died-again'),
      done: count('done'),
      ended: count('ended'),
      lost: count('lost'),
    },
    tenants: row.tenants,
    until: row.until,
  };
}
