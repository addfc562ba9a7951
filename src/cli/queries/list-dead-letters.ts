import type { Tx } from '../../platform/postgres.ts';

export type DeadLetter = Readonly<{
  /** Of the target event. */
  position: string;
  queue: string;
  replayId: string;
  generation: number;
  tenantId: string;
  eventId: string;
  eventType: string;
  cause: string;
  detail: string;
  attempts: number;
  diedAt: Date;
  /** How the job stands now: `done` once a later generation brought it to an end. */
  outcome: 'done' | 'dead' | 'expired' | 'purged' | null;
}>;

/** Newest first; with `eventId` or `position` those of one event. */
export async function listDeadLetters(
  tx: Tx,
  filter: { eventId?: string; position?: string; queue?: string; limit: number },
): Promise<readonly DeadLetter[]> {
  const { rows } = await tx.query<DeadLetter>(
    `select d.position, d.queue, d.replay_id as "replayId", d.generation, d.tenant_id as "tenantId",
       d.event_id as "eventId", d.event_type as "eventType", d.cause, d.detail, d.attempts, d.died_at as "diedAt",
       i.outcome
     from hookledger.dead_letters d
     left join hookledger.inbox i using (position, queue, replay_id)
     where ($1::uuid is null or d.event_id = $1::uuid)
       and ($2::bigint is null or d.position = $2::bigint)
       and ($3::text is null or d.queue = $3::text)
     order by d.died_at desc, d.position, d.queue, d.generation
     limit $4::integer`,
    [filter.eventId ?? null, filter.position ?? null, filter.queue ?? null, filter.limit],
  );
  return rows;
}
