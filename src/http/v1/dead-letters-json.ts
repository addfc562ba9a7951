import type { DeadLetter, LetterState } from '../../workers/dead-letters/dead-letter.ts';
import type { DeadLetterGroup } from '../../workers/dead-letters/group-dead-letters.ts';

export function letterJson(letter: DeadLetter): Record<string, unknown> {
  return {
    event_id: letter.eventId,
    event_type: letter.eventType,
    position: letter.position,
    queue: letter.queue,
    replay_id: letter.replayId,
    generation: letter.generation,
    newest_generation: letter.newestGeneration,
    tenant_id: letter.tenantId,
    cause: letter.cause,
    detail: letter.detail,
    fingerprint: letter.fingerprint,
    attempts: letter.attempts,
    died_at: letter.diedAt.toISOString(),
    state: letter.state,
    links: {
      dead_letters: `/v1/dead-letters/${letter.eventId}`,
      event: `/v1/events/${letter.eventId}`,
      group: `/v1/dead-letters?fingerprint=${letter.fingerprint}`,
    },
  };
}

export function groupJson(group: DeadLetterGroup): Record<string, unknown> {
  return {
    fingerprint: group.fingerprint,
    queue: group.queue,
    event_type: group.eventType,
    cause: group.cause,
    detail: group.detail,
    letters: group.letters,
    open: group.open,
    redriven: group.redriven,
    done: group.done,
    tenants: group.tenants,
    first_died_at: group.firstDiedAt.toISOString(),
    last_died_at: group.lastDiedAt.toISOString(),
    links: { letters: `/v1/dead-letters?fingerprint=${group.fingerprint}` },
  };
}

/** `died-again` is `died_again` where it names a field. */
export function countsJson(byState: Readonly<Record<LetterState, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(byState).map(([state, count]) => [state.replaceAll('-', '_'), count]));
}
