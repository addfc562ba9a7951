import type { Queue } from '../../domain/queues.ts';

/**
 * How the job of a letter stands now:
 * - open: it waits for a person
 * - redriven: it was published once more, and has not ended since
 * - died-again: a later generation died, too, and has a letter of its own
 * - done: a later generation ended well
 * - ended: it ended otherwise since, as too late or purged
 * - lost: its event or its inbox row is no longer kept, so that it can not be redriven
 */
export const LETTER_STATES = ['open', 'redriven', 'died-again', 'done', 'ended', 'lost'] as const;
export type LetterState = (typeof LETTER_STATES)[number];

/** One job of one generation that ended without success. Not for a tenant's reader. */
export type DeadLetter = Readonly<{
  /** Of the target event. */
  position: string;
  queue: Queue;
  replayId: string;
  generation: number;
  tenantId: string;
  eventId: string;
  eventType: string;
  cause: string;
  detail: string;
  /** The same for all deaths of one bug. */
  fingerprint: string;
  /** Tries of this generation. */
  attempts: number;
  diedAt: Date;
  state: LetterState;
  /** The newest generation of the job: more than the letter's once it was published again. */
  newestGeneration: number;
}>;

/** What is left out does not filter. `since` ≤ died at < `until`. */
export type DeadLetterFilter = Readonly<{
  eventId?: string | undefined;
  queues?: readonly string[] | undefined;
  tenantIds?: readonly string[] | undefined;
  causes?: readonly string[] | undefined;
  fingerprints?: readonly string[] | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  states?: readonly LetterState[] | undefined;
}>;

/**
 * The letters that a filter takes, each with the state of its job, as a table expression over `filterValues`, which are
 * $1 to $8. `further`: conditions on columns of the letter `d`; it may end in an order and a limit, which then hold for
 * the letters before their states are looked at.
 */
export function matchingLetters(further = ''): string {
  return `
    select l.* from (
      select d.*, greatest(r.generation, d.generation) as newest_generation,
        case
          when i.outcome = 'done' then 'done'
          when i.generation > d.generation and i.outcome = 'dead' then 'died-again'
          when i.outcome <> 'dead' then 'ended'
          when r.generation > d.generation then 'redriven'
          when i.outcome is null or not exists (select from hookledger.events e where e.position = d.position)
            then 'lost'
          else 'open'
        end as state
      from (
        select d.* from hookledger.dead_letters d
        where ($1::uuid is null or d.event_id = $1::uuid)
          and ($2::text[] is null or d.queue = any ($2::text[]))
          and ($3::text[] is null or d.tenant_id = any ($3::text[]))
          and ($4::text[] is null or d.cause = any ($4::text[]))
          and ($5::text[] is null or d.fingerprint = any ($5::text[]))
          and ($6::timestamptz is null or d.died_at >= $6::timestamptz)
          and ($7::timestamptz is null or d.died_at < $7::timestamptz)
          ${further}
      ) d
      left join hookledger.inbox i on i.position = d.position and i.queue = d.queue and i.replay_id = d.replay_id
      left join lateral (
        select max(o.generation) as generation from hookledger.outbox o
        where o.target_position = d.position and o.queue = d.queue and o.replay_id = d.replay_id and o.generation > 0
      ) r on true
    ) l
    where ($8::text[] is null or l.state = any ($8::text[]))`;
}

/** The columns of a `DeadLetter`, from what `matchingLetters` gives. */
export const LETTER_COLUMNS = `position, queue, replay_id as "replayId", generation, tenant_id as "tenantId",
  event_id as "eventId", event_type as "eventType", cause, detail, fingerprint, attempts, died_at as "diedAt", state,
  newest_generation as "newestGeneration"`;

export function filterValues(filter: DeadLetterFilter): readonly unknown[] {
  return [
    filter.eventId ?? null,
    filter.queues ?? null,
    filter.tenantIds ?? null,
    filter.causes ?? null,
    filter.fingerprints ?? null,
    filter.since ?? null,
    filter.until ?? null,
    filter.states ?? null,
  ];
}
