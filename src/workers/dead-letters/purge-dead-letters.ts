import type { NewEvent } from '../../domain/envelope.ts';
import { appendEvents } from '../../event-store/append-events.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { DeadLetter, LetterState } from './dead-letter.ts';
import type { LetterOrder, WalkDeps, WalkOptions, WalkResult } from './walk-dead-letters.ts';
import { walkDeadLetters } from './walk-dead-letters.ts';

const BATCH = 500;
/** A lost one can be given up, and nothing else. */
export const PURGED_STATES: readonly LetterState[] = ['open', 'lost'];

/**
 * Gives up the jobs of letters that are open, or lost: they end as purged, by an event that says who decided and why,
 * and their letters go. A stream that is held by one goes on. Safe to repeat.
 * @throws InvalidCommandError for a name or reason that makes no sense.
 */
export async function purgeDeadLetters(
  deps: WalkDeps,
  order: LetterOrder,
  options: WalkOptions = {},
): Promise<WalkResult> {
  return walkDeadLetters(
    deps,
    { order, states: PURGED_STATES, batchSize: BATCH },
    async (tx, letters, why) => {
      await purgeJobs(tx, letters);
      const byTenant = Map.groupBy(letters, ({ tenantId }) => tenantId);
      await appendEvents(
        tx,
        [...byTenant].map(([tenantId, given]) => purged(deps, tenantId, given, why)),
      );
      return letters.length;
    },
    options,
  );
}

/** Inbox rows first, in the order in which whoever ends jobs locks them. */
async function purgeJobs(tx: Tx, letters: readonly DeadLetter[]): Promise<void> {
  await tx.query(
    `with given as (
       select * from unnest($1::bigint[], $2::text[], $3::text[], $4::integer[]) g (position, queue, replay_id, generation)
     ), locked as (
       select i.position, i.queue, i.replay_id from hookledger.inbox i join given g using (position, queue, replay_id)
       where i.outcome = 'dead' and i.generation = g.generation
       order by i.position, i.queue, i.replay_id for update of i
     ), ended as (
       update hookledger.inbox i set outcome = 'purged', ended_at = clock_timestamp()
       from locked l where i.position = l.position and i.queue = l.queue and i.replay_id = l.replay_id
     )
     delete from hookledger.dead_letters d using given g
     where d.position = g.position and d.queue = g.queue and d.replay_id = g.replay_id`,
    [
      letters.map(({ position }) => position),
      letters.map(({ queue }) => queue),
      letters.map(({ replayId }) => replayId),
      letters.map(({ generation }) => generation),
    ],
  );
}

function purged(
  { clock, newId }: WalkDeps,
  tenantId: string,
  letters: readonly DeadLetter[],
  why: Readonly<{ by: string; reason: string }>,
): NewEvent {
  const eventId = newId();
  const jobs = letters.map(({ position, queue, replayId, generation }) => ({ position, queue, replayId, generation }));
  return {
    eventId,
    tenantId,
    books: 'platform',
    correlationId: eventId,
    event: {
      type: 'JobPurged',
      stream: { kind: 'repetition', mode: 'live', externalId: tenantId },
      occurredAt: clock.now().toISOString(),
      data: { ...why, jobs },
    },
  };
}
