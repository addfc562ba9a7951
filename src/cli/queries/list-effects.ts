import type { Tx } from '../../platform/postgres.ts';

export type ListedEffect = Readonly<{
  /** Also the idempotency key that the other side got. */
  id: string;
  state: 'open' | 'done' | 'uncertain';
  adapter: string;
  declared: 'idempotent' | 'queryable' | 'neither';
  step: string;
  queue: string;
  replayId: string;
  generation: number;
  tenantId: string;
  eventId: string;
  eventType: string;
  /** Of the event. */
  position: string;
  calls: number;
  /** Whether a call was begun of which nobody knows whether it was carried out. */
  isUnanswered: boolean;
  owner: string;
  /** Null: nobody is at it. */
  leaseUntil: Date | null;
  error: string | null;
  result: Readonly<Record<string, unknown>> | null;
  createdAt: Date;
  calledAt: Date | null;
  endedAt: Date | null;
  resolvedBy: string | null;
  resolvedReason: string | null;
  resolvedPosition: string | null;
}>;

/** The uncertain ones first, then the open ones, the oldest first; with `isAll` then those that are done, the newest first. */
export async function listEffects(
  tx: Tx,
  filter: Readonly<{ id?: string; isAll: boolean; limit: number }>,
): Promise<readonly ListedEffect[]> {
  const { rows } = await tx.query<ListedEffect>(
    `select i.key as id, i.state, i.adapter, i.declared, i.step, i.queue, i.replay_id as "replayId", i.generation,
       i.tenant_id as "tenantId", i.event_id as "eventId", e.type as "eventType", i.position, i.calls,
       i.is_unanswered as "isUnanswered", i.owner, i.error, i.result, i.created_at as "createdAt",
       i.called_at as "calledAt", i.ended_at as "endedAt", i.resolved_by as "resolvedBy",
       i.resolved_reason as "resolvedReason", i.resolved_position as "resolvedPosition",
       case when i.state = 'open' and i.lease_until > clock_timestamp() then i.lease_until end as "leaseUntil"
     from hookledger.intents i
     join hookledger.events e on e.position = i.position
     where ($1::uuid is null or i.key = $1::uuid) and ($2::boolean or i.state <> 'done')
     order by (i.state = 'uncertain') desc, (i.state = 'open') desc,
       case when i.state <> 'done' then i.created_at end, i.created_at desc, i.key
     limit $3::integer`,
    [filter.id ?? null, filter.isAll, filter.limit],
  );
  return rows;
}
