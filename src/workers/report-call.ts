import type { OutboundResult } from '../adapters/adapter.ts';
import { repeatJobs } from '../event-store/repeat-jobs.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';

/** What an owner knows of its call or look-up. */
export type Report =
  | Readonly<{ kind: 'done'; result: OutboundResult }>
  /** The other side certainly did nothing this time. `isUnanswered`: nobody knows of an earlier call. */
  | Readonly<{ kind: 'not-done'; isUnanswered: boolean; error: string }>
  /** Nobody knows. `afterwards`: the next one may decide what to do, or nobody but a person. */
  | Readonly<{ kind: 'unknown'; afterwards: 'release' | 'uncertain'; error: string }>;

type Changed = Readonly<{
  before: 'open' | 'uncertain';
  after: 'open' | 'done' | 'uncertain';
  position: string;
  queue: string;
  replayId: string;
}>;

/**
 * Writes down what became of a call, in a transaction of its own. Counts while the effect is open or uncertain and
 * nobody else has called since, even if the lease is long over and somebody looks it up at this moment. False when it
 * came too late for that: nothing was written. Ends the owner's lease. An effect that was uncertain ends its job again: the job, which is dead,
 * is redriven in the same transaction.
 */
export async function reportCall(pool: Pool, key: string, token: string, report: Report): Promise<boolean> {
  return withTransaction(pool, { tenant: '*' }, async (tx) => {
    const changed = await writeReport(tx, key, token, report);
    if (changed === undefined) return false;
    if (changed.before === 'uncertain' && changed.after !== 'uncertain') {
      await repeatJobs(tx, {
        jobs: [changed],
        type: 'JobRedriven',
        by: 'hookledger',
        reason: `The call ${key} was uncertain, and its owner reported after all.`,
      });
    }
    return true;
  });
}

async function writeReport(tx: Tx, key: string, token: string, report: Report): Promise<Changed | undefined> {
  const { rows } = await tx.query<Changed>({
    name: 'report-call',
    text: `update hookledger.intents i
       set state = coalesce($3::text, i.state), result = $4::jsonb, is_unanswered = $5::boolean, error = $6::text,
         lease_until = case when i.token = $2::bigint then '-infinity' else i.lease_until end,
         ended_at = case when coalesce($3::text, i.state) <> 'open' then clock_timestamp() end
       from (select state from hookledger.intents where key = $1::uuid for update) b
       where i.key = $1::uuid and i.state in ('open', 'uncertain') and $2::bigint in (i.token, i.called_token)
       returning b.state as before, i.state as after, i.position, i.queue, i.replay_id as "replayId"`,
    values: [
      key,
      token,
      stateAfter(report),
      report.kind === 'done' ? storableJson(report.result) : null,
      report.kind === 'unknown' || (report.kind === 'not-done' && report.isUnanswered),
      report.kind === 'done' ? null : report.error,
    ],
  });
  return rows[0];
}

/** Null: as it was. */
function stateAfter(report: Report): Changed['after'] | null {
  switch (report.kind) {
    case 'done':
      return 'done';
    case 'not-done':
      return 'open';
    case 'unknown':
      return report.afterwards === 'uncertain' ? 'uncertain' : null;
  }
}

/** jsonb takes no NUL and no lone surrogate, and what the other side answers must not undo that it has done it. */
export function storableJson(result: OutboundResult): string {
  // JSON.stringify writes each of them as an escape, and no other surrogate.
  return JSON.stringify(result).replace(/\\(?:u(?:0000|d[89a-f][0-9a-f]{2})|.)/g, (escape) =>
    escape.length > 2 ? String.raw`\ufffd` : escape,
  );
}
