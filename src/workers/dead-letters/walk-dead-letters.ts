import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { appendEvents } from '../../event-store/append-events.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool, Tx } from '../../platform/postgres.ts';
import { withTransaction } from '../../platform/postgres.ts';
import { runCommand } from '../../tenants/administrative-command.ts';
import { parseCommand, reason, word } from '../../tenants/parse-command.ts';
import { countDeadLetters } from './count-dead-letters.ts';
import type { DeadLetterCounts } from './count-dead-letters.ts';
import type { DeadLetter, DeadLetterFilter, LetterState } from './dead-letter.ts';
import { filterValues, LETTER_COLUMNS, matchingLetters } from './dead-letter.ts';

export type WalkDeps = Readonly<{
  pool: Pool;
  clock: Clock;
  newId: () => string;
  /** Called after each commit that appended: wakes whoever reads the log. */
  onAppended?: () => void;
}>;

/** Who wants what to become of which letters, and why. */
export type LetterOrder = Readonly<{ filter: DeadLetterFilter; by: string; reason: string }>;

export type WalkOptions = Readonly<{
  /** Stops after the batch under way; what is left can be ordered again. */
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}>;

export type WalkResult = Readonly<{
  /** What the filter took before. */
  counts: DeadLetterCounts;
  done: number;
  /** Letters that it did not come to, since it was stopped. */
  left: number;
}>;

/** Letters at one look. */
const PAGE = 500;

const whoAndWhy = z.object({ by: word, reason });

/**
 * Does `act` with the letters of the filter whose job is in one of `states`, in the order of the log, a batch and
 * transaction at a time; letters of jobs that die meanwhile are not among them. `act` answers how many it did.
 * @throws InvalidCommandError without a name or a reason.
 */
export async function walkDeadLetters(
  deps: WalkDeps,
  { order, batchSize, ratePerSecond, ...plan }: WalkPlan,
  act: (tx: Tx, letters: readonly DeadLetter[], why: Readonly<{ by: string; reason: string }>) => Promise<number>,
  { signal, onProgress }: WalkOptions = {},
): Promise<WalkResult> {
  const why = parseCommand(whoAndWhy, { by: order.by, reason: order.reason });
  const states = plan.states.filter((state) => order.filter.states?.includes(state) ?? true);
  const counts = await withTransaction(deps.pool, { tenant: '*' }, (tx) => countDeadLetters(tx, order.filter));
  const total = states.reduce((sum, state) => sum + counts.byState[state], 0);
  const filter = { ...order.filter, until: counts.until };
  let done = 0;
  let after: DeadLetter | undefined;
  while (signal?.aborted !== true) {
    const startedAt = performance.now();
    const { acted, next } = await runCommand({ ...deps, appendEvents }, async (tx) => {
      const page = await nextLetters(tx, filter, after);
      const chosen = page.filter(({ state }) => states.includes(state)).slice(0, batchSize);
      return {
        acted: chosen.length === 0 ? 0 : await act(tx, chosen, why),
        next: chosen.length === batchSize ? chosen.at(-1) : page.length === PAGE ? page.at(-1) : undefined,
      };
    });
    if (acted > 0) deps.onAppended?.();
    done += acted;
    onProgress?.(done, total);
    if (next === undefined) return { counts, done, left: 0 };
    after = next;
    if (ratePerSecond !== undefined) {
      await rest((acted / ratePerSecond) * 1_000 - (performance.now() - startedAt), signal);
    }
  }
  return { counts, done, left: Math.max(0, total - done) };
}

type WalkPlan = Readonly<{
  order: LetterOrder;
  states: readonly LetterState[];
  batchSize: number;
  /** As fast as it goes when left out. */
  ratePerSecond?: number;
}>;

/** Letters in the order of the log, whatever their state: of the many that are over, none is looked at twice. */
async function nextLetters(
  tx: Tx,
  filter: DeadLetterFilter,
  after: DeadLetter | undefined,
): Promise<readonly DeadLetter[]> {
  const { rows } = await tx.query<DeadLetter>(
    `with matching as (${matchingLetters(
      `and ($9::bigint is null or (d.position, d.queue, d.replay_id, d.generation)
            > ($9::bigint, $10::text, $11::text, $12::integer))
          order by d.position, d.queue, d.replay_id, d.generation
          limit $13::integer`,
    )})
     select ${LETTER_COLUMNS} from matching
     order by position, queue, replay_id, generation`,
    [
      ...filterValues({ ...filter, states: undefined }),
      after?.position ?? null,
      after?.queue ?? null,
      after?.replayId ?? null,
      after?.generation ?? null,
      PAGE,
    ],
  );
  return rows;
}

async function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (ms <= 0) return;
  try {
    await pause(ms, undefined, { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
