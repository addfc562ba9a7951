import type { Tx } from '../../platform/postgres.ts';

/** What waits for a person. */
export type Attention = Readonly<{
  /** Jobs that ended without success, and that no later generation brought to one. */
  deadLetters: number;
  /** Verified webhooks that are kept raw, since nothing could be read out of them. */
  unmapped: number;
  /** Webhooks about things that no mapping gives to a tenant. */
  unassigned: number;
  /** Webhooks of another account, app or mode than their source. */
  quarantined: number;
  /** Webhooks with a known key and another body, which nobody has resolved. */
  conflicts: number;
  /** Requests that were refused within the last day, as far as the record goes back. */
  rejections: number;
}>;

export async function countAttention(tx: Tx): Promise<Attention> {
  const { rows } = await tx.query<Attention>(
    `select
       (select count(distinct (d.position, d.queue, d.replay_id)) from hookledger.dead_letters d
        join hookledger.inbox i using (position, queue, replay_id) where i.outcome = 'dead')::integer as "deadLetters",
       (select count(*) from hookledger.webhooks where status = 'unmapped')::integer as unmapped,
       (select count(*) from hookledger.webhooks where status = 'unassigned')::integer as unassigned,
       (select count(*) from hookledger.webhooks where status = 'quarantined')::integer as quarantined,
       (select count(*) from hookledger.conflicts where resolved_position is null)::integer as conflicts,
       (select count(*) from hookledger.rejections
        where rejected_at > clock_timestamp() - interval '1 day')::integer as rejections`,
  );
  return rows[0] ?? { deadLetters: 0, unmapped: 0, unassigned: 0, quarantined: 0, conflicts: 0, rejections: 0 };
}
