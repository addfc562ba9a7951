import type { Declared, OutboundResult } from '../adapters/adapter.ts';
import type { RecordedEvent } from '../domain/envelope.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Message } from '../transports/transport.ts';
import type { NextStep, StandingIntent } from './decide-call.ts';
import { decideCall } from './decide-call.ts';

/** What a job wants to do outside. */
export type WantedEffect = Readonly<{
  key: string;
  job: Message;
  event: RecordedEvent;
  step: string;
  adapter: string;
  declared: Declared;
  requestHash: Buffer;
  owner: string;
  leaseMs: number;
  /** Other events of its stream may ask for it. */
  isShared: boolean;
  /** How long the other side may be at work on a call, from its beginning. */
  settleMs: number;
}>;

export type Claim =
  /** The intent is this owner's, under this token. `wasUnanswered`: an earlier call may have been carried out. */
  | Readonly<{ next: 'call' | 'look-up'; key: string; token: string; wasUnanswered: boolean }>
  | Readonly<{ next: 'reuse'; key: string; result: OutboundResult }>
  | Readonly<{ next: 'wait'; key: string; waitMs: number }>
  | Readonly<{ next: 'refuse-change' | 'uncertain'; key: string }>;

const SCOPE = { tenant: '*' };

/**
 * Writes the intent down or, where it stands already, takes it over if that is allowed: in a transaction of its own,
 * committed before anything is called. With `call`, the intent says that a call was begun.
 */
export async function claimIntent(pool: Pool, wanted: WantedEffect): Promise<Claim> {
  return withTransaction(pool, SCOPE, async (tx) => {
    const token = await insertIntent(tx, wanted);
    if (token !== undefined) return { next: 'call', key: wanted.key, token, wasUnanswered: false };
    const { key, result, ...intent } = await lockIntent(tx, wanted);
    const next: NextStep = decideCall(intent, wanted.declared);
    switch (next) {
      case 'reuse':
        return { next, key, result: result ?? {} };
      case 'wait':
        return { next, key, waitMs: intent.leaseMs > 0 ? intent.leaseMs : intent.unsettledMs };
      case 'refuse-change':
      case 'uncertain':
        return { next, key };
      case 'give-up':
        await giveUp(tx, key);
        return { next: 'uncertain', key };
      case 'call':
      case 'look-up':
        return {
          next,
          key,
          token: await takeOver(tx, key, wanted, { isCalled: next === 'call' }),
          wasUnanswered: intent.isUnanswered,
        };
    }
  });
}

/** Its token; undefined when the intent stands already. Waits for another transaction that is writing it down. */
async function insertIntent(tx: Tx, wanted: WantedEffect): Promise<string | undefined> {
  const { rows } = await tx.query<{ token: string }>({
    name: 'insert-intent',
    text: `insert into hookledger.intents (key, queue, event_id, replay_id, step, tenant_id, position, generation,
         adapter, declared, request_hash, owner, lease_until, token, called_token, called_at, calls, is_unanswered,
         is_shared)
       values ($1::uuid, $2::text, $3::uuid, $4::text, $5::text, $6::text, $7::bigint, $8::integer, $9::text, $10::text,
         $11::bytea, $12::text, clock_timestamp() + $13::integer * interval '1 ms', 1, 1, clock_timestamp(), 1, true,
         $14::boolean)
       on conflict do nothing
       returning token`,
    values: [
      wanted.key,
      wanted.job.queue,
      wanted.event.eventId,
      wanted.job.replayId,
      wanted.step,
      wanted.event.tenantId,
      wanted.job.position,
      wanted.job.generation,
      wanted.adapter,
      wanted.declared,
      wanted.requestHash,
      wanted.owner,
      wanted.leaseMs,
      wanted.isShared,
    ],
  });
  return rows[0]?.token;
}

type LockedIntent = StandingIntent & Readonly<{ key: string; result: OutboundResult | null }>;

/** By its key or, should the handler have begun or ceased to name an effect key, by the job and step. */
async function lockIntent(tx: Tx, wanted: WantedEffect): Promise<LockedIntent> {
  const { key, job, event, step, requestHash, settleMs } = wanted;
  const { rows } = await tx.query<LockedIntent>({
    name: 'lock-intent',
    text: `select key, state, declared, result, is_unanswered as "isUnanswered", request_hash = $6::bytea as "isSameRequest",
         case when lease_until > clock_timestamp()
           then ceil(extract(epoch from lease_until - clock_timestamp()) * 1000) else 0 end::integer as "leaseMs",
         case when called_at + $7::integer * interval '1 ms' > clock_timestamp()
           then least($7::integer, ceil($7::integer - extract(epoch from clock_timestamp() - called_at) * 1000))
           else 0 end::integer as "unsettledMs"
       from hookledger.intents
       where key = $1::uuid
         or (queue = $2::text and event_id = $3::uuid and replay_id = $4::text and step = $5::text)
       order by (key = $1::uuid) desc
       limit 1
       for update`,
    values: [key, job.queue, event.eventId, job.replayId, step, requestHash, settleMs],
  });
  const [intent] = rows;
  if (intent === undefined) throw new Error(`The intent ${key} could neither be written nor found.`);
  return intent;
}

async function takeOver(
  tx: Tx,
  key: string,
  wanted: WantedEffect,
  { isCalled }: { isCalled: boolean },
): Promise<string> {
  const { rows } = await tx.query<{ token: string }>(
    `update hookledger.intents
     set token = token + 1, owner = $2::text, lease_until = clock_timestamp() + $3::integer * interval '1 ms',
       adapter = $4::text, generation = greatest(generation, $5::integer)
     where key = $1::uuid
     returning token`,
    [key, wanted.owner, wanted.leaseMs, wanted.adapter, wanted.job.generation],
  );
  const token = rows[0]?.token;
  if (token === undefined) throw new Error(`The intent ${key} is gone, although it was locked.`);
  if (isCalled) await markCalled(tx, key, token, wanted);
  return token;
}

/**
 * After a look-up: a call begins. In a transaction of its own, committed before the call; the lease starts anew. False
 * when the intent is not under this token any more, or its effect was reported meanwhile: nothing may be called then.
 */
export async function beginCall(pool: Pool, key: string, token: string, wanted: WantedEffect): Promise<boolean> {
  return withTransaction(pool, SCOPE, (tx) => markCalled(tx, key, token, wanted));
}

async function markCalled(tx: Tx, key: string, token: string, wanted: WantedEffect): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update hookledger.intents
     set called_token = token, called_at = clock_timestamp(), calls = calls + 1, is_unanswered = true,
       declared = $3::text, request_hash = $4::bytea, lease_until = clock_timestamp() + $5::integer * interval '1 ms'
     where key = $1::uuid and token = $2::bigint and state = 'open'`,
    [key, token, wanted.declared, wanted.requestHash, wanted.leaseMs],
  );
  return rowCount === 1;
}

/**
 * By the database's clock; in a transaction of its own. A lease that ran out unnoticed is given again. False when the
 * intent is not under this token any more, or was ended by a report or decision: the owner has lost it.
 */
export async function renewLease(pool: Pool, key: string, token: string, leaseMs: number): Promise<boolean> {
  return withTransaction(pool, SCOPE, async (tx) => {
    const { rowCount } = await tx.query({
      name: 'renew-intent-lease',
      text: `update hookledger.intents set lease_until = clock_timestamp() + $3::integer * interval '1 ms'
        where key = $1::uuid and token = $2::bigint and state = 'open' and lease_until > '-infinity'`,
      values: [key, token, leaseMs],
    });
    return rowCount === 1;
  });
}

async function giveUp(tx: Tx, key: string): Promise<void> {
  await tx.query(
    `update hookledger.intents
     set state = 'uncertain', ended_at = clock_timestamp(),
       error = coalesce(error, 'The process that called (' || owner || ') never reported what became of the call.')
     where key = $1::uuid`,
    [key],
  );
}
