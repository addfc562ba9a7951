import type { EventType } from '../../src/domain/events.ts';
import type { Queue } from '../../src/domain/queues.ts';
import type { Pool } from '../../src/platform/postgres.ts';
import { findEffectsOutOfOrder, findReordered } from './compare-order.ts';
import { compareReadModels } from './compare-read-models.ts';
import { TARGETS } from './effect-server.ts';
import type { EffectServer, EffectsSoFar, Target } from './effect-server.ts';
import type { Fault } from './fault.ts';
import { fault, readFault } from './fault.ts';
import type { Accepted } from './provider-client.ts';

export type Comparison = Readonly<{
  lost: number;
  doubled: number;
  reordered: number;
  /** In words, for a person: what is wrong and where. */
  problems: readonly string[];
  notes: readonly string[];
}>;

type Job = Readonly<{ position: string; queue: Queue; type: EventType; eventId: string; cause: string | null }>;

/** Jobs that a drill lets fail for good: they end as dead letters. */
export type MayDie = (job: Job) => boolean;

/** Nobody knows whether a call that may not be repeated was made: that is for a person, and neither lost nor doubled. */
const UNCERTAIN = 'effect-uncertain';

/** Holds the list of 2xx answers against webhooks, events, jobs, effects and read models, all of it by plain SQL. */
export async function compare(
  { pool, effects }: Readonly<{ pool: Pool; effects: EffectServer }>,
  accepted: readonly Accepted[],
  mayDie: MayDie = () => false,
): Promise<Comparison> {
  // Before what asked for it is read: in a drill that does not finish, both go on.
  const soFar = effects.soFar();
  const asked = await readAskedEffects(pool);
  const isExcused = (job: Job): boolean => job.cause === UNCERTAIN || mayDie(job);
  const lost = [
    ...(await findMissing(pool, accepted)),
    await findHoles(pool),
    await findUnfinished(pool, isExcused),
    findMissingEffects(asked, soFar, isExcused),
    await findMissingNotifications(pool, isExcused),
  ];
  const doubled = [
    findDoubleAnswers(accepted),
    await findStrangers(pool, accepted),
    await findExtraEvents(pool, accepted),
    await findDoubleEnds(pool),
    findDoubleEffects(asked, soFar),
    await findDoubleNotifications(pool),
  ];
  const reordered = [await findReordered(pool), await findEffectsOutOfOrder(pool, soFar)];
  const figures = await compareReadModels(pool);
  const sum = (faults: readonly Fault[]): number => faults.reduce((total, { count }) => total + count, 0);
  return {
    lost: sum(lost),
    doubled: sum(doubled),
    reordered: sum(reordered),
    problems: [
      ...[...lost, ...doubled, ...reordered]
        .filter(({ count }) => count > 0)
        .map(({ what, count, example }) => `${count} × ${what}${example === undefined ? '' : `, such as ${example}`}`),
      ...figures,
    ],
    notes: noteUncertain(asked),
  };
}

type WebhookRow = Readonly<{ id: string; status: string | null; types: readonly string[] }>;

async function readWebhooks(pool: Pool, accepted: readonly Accepted[]): Promise<ReadonlyMap<string, WebhookRow>> {
  const { rows } = await pool.query<WebhookRow>(
    `select a.id, w.status, coalesce(e.types, '{}') as types
     from unnest($1::uuid[]) a (id)
     left join (select id, string_agg(status, ' ') as status from hookledger.webhooks group by id) w using (id)
     left join (
       select correlation_id as id, array_agg(type order by type collate "C") as types
       from hookledger.events group by correlation_id
     ) e using (id)`,
    [accepted.flatMap(({ ids }) => [...ids])],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function findMissing(pool: Pool, accepted: readonly Accepted[]): Promise<readonly Fault[]> {
  const webhooks = await readWebhooks(pool, accepted);
  const gone = accepted.filter(({ ids }) => [...ids].some((id) => webhooks.get(id)?.status !== 'accepted'));
  const thin = accepted.flatMap(({ delivery, ids }) =>
    [...ids].flatMap((id) => surplus(delivery.expected, webhooks.get(id)?.types ?? []).map((type) => ({ id, type }))),
  );
  return [
    fault(
      'webhook answered 2xx and not recorded as accepted',
      gone.map(({ delivery }) => delivery.key),
    ),
    fault(
      'event missing of a webhook answered 2xx',
      thin.map(({ id, type }) => `${type} of ${id}`),
    ),
  ];
}

async function findExtraEvents(pool: Pool, accepted: readonly Accepted[]): Promise<Fault> {
  const webhooks = await readWebhooks(pool, accepted);
  const extra = accepted.flatMap(({ delivery, ids }) =>
    [...ids].flatMap((id) =>
      surplus(webhooks.get(id)?.types ?? [], delivery.expected).map((type) => `${type} of ${id}`),
    ),
  );
  return fault('event too many', extra);
}

/** What the first list has beyond the second. */
function surplus(list: readonly string[], other: readonly string[]): readonly string[] {
  const left = [...other];
  return list.filter((each) => {
    const place = left.indexOf(each);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
}

function findDoubleAnswers(accepted: readonly Accepted[]): Fault {
  return fault(
    'webhook recorded more than once, by its answers',
    accepted.filter(({ ids, firsts }) => ids.size > 1 || firsts > 1).map(({ delivery }) => delivery.key),
  );
}

/** Every one that was recorded was sent again until it was answered 2xx: none may be unknown to its sender. */
async function findStrangers(pool: Pool, accepted: readonly Accepted[]): Promise<Fault> {
  const { rows } = await pool.query<{ id: string }>(
    `select w.id from hookledger.webhooks w where w.id <> all ($1::uuid[])`,
    [accepted.flatMap(({ ids }) => [...ids])],
  );
  return fault(
    'webhook recorded beside the one that was answered',
    rows.map(({ id }) => id),
  );
}

async function findHoles(pool: Pool): Promise<Fault> {
  return readFault(
    pool,
    'stream with a hole in its versions',
    `select s.stream_key as example from hookledger.streams s
     join lateral (
       select count(*) as events, count(distinct e.version) as versions, min(e.version) as first, max(e.version) as last
       from hookledger.events e where e.stream_key = s.stream_key
     ) e on true
     where (e.events, e.versions, e.first, e.last) is distinct from (s.version, s.version, 1::bigint, s.version)`,
  );
}

/** What names a job, and what it died of. */
const JOB = `e.position, e.type, e.event_id as "eventId",
  (select d.cause from hookledger.dead_letters d
   where d.position = o.target_position and d.queue = o.queue and d.replay_id = o.replay_id
   order by d.generation desc limit 1) as cause, o.queue`;

async function findUnfinished(pool: Pool, isExcused: MayDie): Promise<Fault> {
  const { rows } = await pool.query<Job & { outcome: string | null }>(
    `select distinct ${JOB}, i.outcome
     from hookledger.outbox o
     join hookledger.events e on e.position = o.target_position
     left join hookledger.inbox i on i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id
     where i.outcome is distinct from 'done'`,
  );
  return fault(
    'job that did not end as it must',
    rows
      .filter(({ outcome, ...job }) => outcome !== 'dead' || !isExcused(job))
      .map(
        ({ queue, position, outcome, cause }) => `${position} on ${queue}: ${outcome ?? 'not ended'} ${cause ?? ''}`,
      ),
  );
}

async function findDoubleEnds(pool: Pool): Promise<Fault> {
  return readFault(
    pool,
    'job that ended as done more than once',
    `select position || ' on ' || queue as example from hookledger.job_attempts where outcome = 'done'
     group by position, queue, replay_id having count(*) > 1`,
  );
}

type AskedEffect = Job & Readonly<{ effect: string }>;

/** What is to be done outside, by the events that ask for it; names as the drills' handlers give them. */
async function readAskedEffects(pool: Pool): Promise<readonly AskedEffect[]> {
  const { rows } = await pool.query<AskedEffect>(
    `select distinct ${JOB},
       case o.queue when 'ingress-events' then e.stream_key || ' ' || e.version else e.data ->> 'effectKey' end as effect
     from hookledger.outbox o join hookledger.events e on e.position = o.target_position
     where o.queue in ('ingress-events', 'notifications', 'integration-tasks')`,
  );
  return rows;
}

function targetOf({ queue }: AskedEffect): Target {
  return queue === 'integration-tasks' ? 'neither' : 'idempotent';
}

function findMissingEffects(asked: readonly AskedEffect[], { done }: EffectsSoFar, isExcused: MayDie): Fault {
  const missing = asked.filter((each) => !done[targetOf(each)].has(each.effect) && !isExcused(each));
  return fault(
    'call to the outside that was asked for and never came',
    missing.map(({ effect }) => effect),
  );
}

/** By the other side's own count, under whatever keys it was called. */
function findDoubleEffects(asked: readonly AskedEffect[], { done }: EffectsSoFar): Fault {
  const known = new Set(asked.map((each) => `${targetOf(each)} ${each.effect}`));
  const extra = TARGETS.flatMap((target) =>
    [...done[target]].flatMap(([effect, times]) =>
      times > 1 || !known.has(`${target} ${effect}`) ? [`${effect} on ${target}, ${times} times`] : [],
    ),
  );
  return fault('call to the outside that was carried out twice, or that nothing asked for', extra);
}

function noteUncertain(asked: readonly AskedEffect[]): readonly string[] {
  const uncertain = asked.filter(({ cause }) => cause === UNCERTAIN).length;
  return uncertain === 0
    ? []
    : [`${uncertain} calls that may not be repeated are uncertain and wait for a person, as they must`];
}

async function findMissingNotifications(pool: Pool, isExcused: MayDie): Promise<Fault> {
  const { rows } = await pool.query<Job>(
    `select distinct ${JOB} from hookledger.events e
     join hookledger.outbox o on o.target_position = e.position
     where e.type = 'NotificationRequested' and not exists (
       select from hookledger.notifications n
       where n.tenant_id = e.tenant_id and n.kind = e.data ->> 'task' and n.dedupe_key = e.data ->> 'effectKey')`,
  );
  return fault(
    'notification that was asked for and is not there',
    rows.filter((job) => !isExcused(job)).map(({ eventId }) => eventId),
  );
}

async function findDoubleNotifications(pool: Pool): Promise<Fault> {
  return readFault(
    pool,
    'notification that nothing asked for, or that is there twice',
    `select n.dedupe_key as example from hookledger.notifications n
     left join hookledger.events e on e.type = 'NotificationRequested' and e.tenant_id = n.tenant_id
       and e.data ->> 'effectKey' = n.dedupe_key and e.data ->> 'task' = n.kind
     group by n.tenant_id, n.kind, n.dedupe_key having count(e.position) <> 1`,
  );
}
