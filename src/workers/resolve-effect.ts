import { z } from 'zod';
import type { OutboundResult } from '../adapters/adapter.ts';
import type { NewEvent } from '../domain/envelope.ts';
import type { Books, Mode } from '../domain/stream.ts';
import { appendEvents } from '../event-store/append-events.ts';
import { repeatJobs } from '../event-store/repeat-jobs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { parseCommand, reason, word } from '../tenants/parse-command.ts';
import { EffectDoneError, EffectUnderWayError, UnknownEffectError } from './effect-errors.ts';
import { storableJson } from './report-call.ts';

const resolution = z.strictObject({
  effectId: z.uuid('is not the id of an effect'),
  /** It was done, or it is to be called again. */
  decision: z.enum(['done', 'repeat']),
  /** What the handler would have read of the answer. */
  result: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  reason,
  by: word,
});

type Resolution = z.output<typeof resolution>;

/** What stands of the decision: `resolved` is false when it was decided just so before. */
export type ResolvedEffect = Readonly<{ resolved: boolean; position: string }>;

/**
 * Decides about an effect of which nobody knows whether it was done: one that is uncertain, or open without an owner.
 * Keeps who and why in the effect and in an event `EffectResolved`, and redrives the job, which goes on with the result
 * or calls again; all in one transaction of its own. Safe to repeat.
 * @throws InvalidCommandError, UnknownEffectError, EffectUnderWayError, EffectDoneError; nothing is changed then.
 */
export async function resolveEffect(
  deps: Readonly<{ pool: Pool; clock: Clock; newId: () => string }>,
  command: z.input<typeof resolution>,
): Promise<ResolvedEffect> {
  const order = parseCommand(resolution, command);
  return withTransaction(deps.pool, { tenant: '*' }, async (tx) => {
    const effect = await lockEffect(tx, order.effectId);
    if (effect === undefined) throw new UnknownEffectError(order.effectId);
    if (effect.leaseMs > 0) throw new EffectUnderWayError(order.effectId, effect.leaseMs);
    const decided = standingDecision(effect, order);
    if (decided !== undefined) return { resolved: false, position: decided };
    await repeatJobs(tx, { jobs: [effect], type: 'JobRedriven', by: order.by, reason: order.reason });
    // In a stream of the effect's own, whose first lock is the effect's: nothing waits any more once positions are drawn.
    const [appended] = await appendEvents(tx, [decisionEvent(deps, effect, order)]);
    if (appended === undefined) throw new Error(`EffectResolved of ${order.effectId} was not appended.`);
    await writeDecision(tx, order, appended.position);
    return { resolved: true, position: String(appended.position) };
  });
}

type Effect = Readonly<{
  state: 'open' | 'done' | 'uncertain';
  leaseMs: number;
  isUnanswered: boolean;
  resolvedBy: string | null;
  resolvedPosition: string | null;
  position: string;
  queue: string;
  replayId: string;
  step: string;
  adapter: string;
  eventId: string;
  correlationId: string;
  tenantId: string;
  mode: Mode;
  books: Books;
}>;

async function lockEffect(tx: Tx, effectId: string): Promise<Effect | undefined> {
  const { rows } = await tx.query<Effect>(
    `select i.state, i.is_unanswered as "isUnanswered", i.resolved_by as "resolvedBy",
       i.resolved_position as "resolvedPosition", i.position, i.queue, i.replay_id as "replayId", i.step, i.adapter,
       i.event_id as "eventId", i.tenant_id as "tenantId", e.correlation_id as "correlationId", e.mode, e.books,
       case when i.state = 'open' and i.lease_until > clock_timestamp()
         then ceil(extract(epoch from i.lease_until - clock_timestamp()) * 1000) else 0 end::integer as "leaseMs"
     from hookledger.intents i
     join hookledger.events e on e.position = i.position
     where i.key = $1::uuid
     for update of i`,
    [effectId],
  );
  return rows[0];
}

/** Position of the decision that holds already. @throws EffectDoneError when the effect is past deciding. */
function standingDecision(effect: Effect, { effectId, decision }: Resolution): string | undefined {
  if (effect.state === 'done') {
    if (decision === 'done' && effect.resolvedPosition !== null) return effect.resolvedPosition;
    throw new EffectDoneError(effectId, effect.resolvedBy);
  }
  // Nothing is in doubt: the next call is allowed, as the last decision wanted it.
  if (decision === 'repeat' && effect.state === 'open' && !effect.isUnanswered)
    return effect.resolvedPosition ?? undefined;
  return undefined;
}

function decisionEvent(
  { clock, newId }: Readonly<{ clock: Clock; newId: () => string }>,
  effect: Effect,
  { effectId, decision, reason, by }: Resolution,
): NewEvent {
  const { eventId: causationId, tenantId, books, correlationId, mode, queue, replayId, step, adapter } = effect;
  return {
    eventId: newId(),
    tenantId,
    books,
    causationId,
    correlationId,
    event: {
      type: 'EffectResolved',
      stream: { kind: 'effect', mode, externalId: effectId },
      occurredAt: clock.now().toISOString(),
      data: { effectId, decision, reason, by, queue, replayId, step, adapter },
    },
  };
}

async function writeDecision(
  tx: Tx,
  { effectId, decision, result, reason, by }: Resolution,
  position: bigint,
): Promise<void> {
  const stored: OutboundResult | undefined = decision === 'done' ? (result ?? {}) : undefined;
  await tx.query(
    `update hookledger.intents
     set state = case when $2::jsonb is null then 'open' else 'done' end, result = $2::jsonb, is_unanswered = false,
       ended_at = case when $2::jsonb is not null then clock_timestamp() end, lease_until = '-infinity',
       resolved_by = $3::text, resolved_reason = $4::text, resolved_position = $5::bigint
     where key = $1::uuid`,
    [effectId, stored === undefined ? null : storableJson(stored), by, reason, String(position)],
  );
}
