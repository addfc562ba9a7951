import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from '../../src/platform/postgres.ts';

/** Where the work stands, from the tables alone. */
export type Progress = Readonly<{
  /** The last position that was drawn. */
  drawn: bigint;
  mark: bigint;
  /** The least of the read models' checkpoints. */
  projected: bigint;
  /** Jobs within the range asked for that have not ended. */
  open: number;
  /** The lowest position that asked for one of them; undefined when none is open. */
  lowestOpen: bigint | undefined;
}>;

type Range = Readonly<{ after?: bigint; upTo?: bigint }>;

const PROGRESS = `
  select (select case when is_called then last_value else last_value - 1 end from hookledger.position_seq) as drawn,
    (select position from hookledger.high_water_mark) as mark,
    (select min(c.position) from hookledger.projection_checkpoints c
     join hookledger.projections p using (name, version) where p.state = 'active') as projected,
    count(*)::integer as open, min(job.position) as "lowestOpen"
  from (
    select o.target_position, o.queue, o.replay_id, min(o.position) as position from hookledger.outbox o
    where o.position > $1::bigint and o.position <= $2::bigint and not exists (
      select from hookledger.inbox i
      where i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id)
    group by o.target_position, o.queue, o.replay_id
  ) job`;

type Row = Readonly<{ drawn: string; mark: string; projected: string; open: number; lowestOpen: string | null }>;

/** Asks for the jobs of a range of positions, or for all. */
export async function readProgress(pool: Pool, { after = 0n, upTo = 2n ** 62n }: Range = {}): Promise<Progress> {
  const { rows } = await pool.query<Row>(PROGRESS, [String(after), String(upTo)]);
  const [row] = rows;
  if (row === undefined) throw new Error('The database tells nothing about its progress.');
  return {
    drawn: BigInt(row.drawn),
    mark: BigInt(row.mark),
    projected: BigInt(row.projected),
    open: row.open,
    lowestOpen: row.lowestOpen === null ? undefined : BigInt(row.lowestOpen),
  };
}

/** Whether everything up to the position is done: marked, folded, and every job at an end. */
function isFinished({ mark, projected, open }: Progress, upTo: bigint): boolean {
  return mark >= upTo && projected >= upTo && open === 0;
}

/**
 * Asks until everything up to the position is done, or up to whatever is drawn when none is named; a database that does
 * not answer is asked again. Answers the last progress, done or not, at the deadline.
 */
export async function untilFinished(
  pool: Pool,
  options: { upTo?: bigint; deadlineMs: number },
): Promise<Progress & { isFinished: boolean }> {
  const deadline = performance.now() + options.deadlineMs;
  // What has ended stays so: the next look begins at what was open, or not decided yet, in the last one.
  let after = 0n;
  for (;;) {
    const isLate = performance.now() > deadline;
    try {
      const progress = await readProgress(pool, { ...options, after });
      const done = isFinished(progress, options.upTo ?? progress.drawn);
      if (done || isLate) return { ...progress, isFinished: done };
      after = minimum(progress.mark, (progress.lowestOpen ?? progress.mark + 1n) - 1n);
    } catch (error) {
      if (isLate) throw error;
    }
    await pause(200);
  }
}

function minimum(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
