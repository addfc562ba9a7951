import type { Tx } from '../../platform/postgres.ts';
import type { DeadLetter, DeadLetterFilter } from './dead-letter.ts';
import { filterValues, LETTER_COLUMNS, matchingLetters } from './dead-letter.ts';

/** Where a page of letters begins: below this one. */
export type DeadLetterKey = Readonly<Pick<DeadLetter, 'diedAt' | 'position' | 'queue' | 'replayId' | 'generation'>>;

/** Newest first. */
export async function listDeadLetters(
  tx: Tx,
  filter: DeadLetterFilter,
  { after, limit }: Readonly<{ after?: DeadLetterKey | undefined; limit: number }>,
): Promise<readonly DeadLetter[]> {
  const { rows } = await tx.query<DeadLetter>(
    `with matching as (${matchingLetters(
      `and ($9::timestamptz is null or (d.died_at, d.position, d.queue, d.replay_id, d.generation)
          < ($9::timestamptz, $10::bigint, $11::text, $12::text, $13::integer))`,
    )})
     select ${LETTER_COLUMNS} from matching
     order by died_at desc, position desc, queue desc, replay_id desc, generation desc
     limit $14::integer`,
    [
      ...filterValues(filter),
      after?.diedAt ?? null,
      after?.position ?? null,
      after?.queue ?? null,
      after?.replayId ?? null,
      after?.generation ?? null,
      limit,
    ],
  );
  return rows;
}
