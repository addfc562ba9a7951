import { listJobAttempts } from '../../event-store/list-job-attempts.ts';
import type { JobAttempt } from '../../event-store/list-job-attempts.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { DeadLetter } from './dead-letter.ts';
import { listDeadLetters } from './list-dead-letters.ts';

/** One event has a handful of queues, and each redrive that failed adds a letter. */
const MAX_LETTERS = 200;

export type DeadLetterStory = Readonly<{
  /** Of all jobs about the event, newest first; each with the tries of its generation. */
  letters: readonly (DeadLetter & Readonly<{ tries: readonly JobAttempt[] }>)[];
  /** The webhook that the event goes back to, if it does. */
  webhookId: string | null;
}>;

/** Why the jobs about one event died; undefined when none has. Not for a tenant's reader. */
export async function readDeadLetters(tx: Tx, eventId: string): Promise<DeadLetterStory | undefined> {
  const letters = await listDeadLetters(tx, { eventId }, { limit: MAX_LETTERS });
  const [first] = letters;
  if (first === undefined) return undefined;
  const tries = await listJobAttempts(tx, [first.position]);
  const { rows } = await tx.query<{ id: string }>(
    `select w.id from hookledger.events e join hookledger.webhooks w on w.id in (e.webhook_id, e.correlation_id)
     where e.position = $1::bigint limit 1`,
    [first.position],
  );
  return {
    letters: letters.map((letter) => ({
      ...letter,
      tries: tries.filter(
        ({ queue, replayId, generation }) =>
          queue === letter.queue && replayId === letter.replayId && generation === letter.generation,
      ),
    })),
    webhookId: rows[0]?.id ?? null,
  };
}
