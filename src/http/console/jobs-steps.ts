import type { StoryAttempt, StoryJob } from '../../finance/story-jobs.ts';
import type { StoryOperations } from '../../finance/webhook-story.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';
import { rowList } from './step.ts';
import type { Step } from './step.ts';
import type { Tone } from './words.ts';
import { badge, counted, time } from './words.ts';

export function outboxStep({ jobs, jobsDroppedAt }: StoryOperations): Step {
  const published = jobs.filter((job) => job.published).length;
  if (jobs.length === 0) {
    return {
      title: 'Outbox',
      outcome: jobsDroppedAt === null ? 'Nothing to publish' : 'No longer kept',
      tone: 'nothing',
      ...(jobsDroppedAt === null
        ? {}
        : { body: html`<p class="quiet">All of its jobs ended, and were dropped on ${time(jobsDroppedAt)}.</p>` }),
    };
  }
  return {
    title: 'Outbox',
    outcome:
      published === jobs.length
        ? `${counted(published, 'row')}, all published`
        : `${published} of ${counted(jobs.length, 'row')} published`,
    tone: published === jobs.length ? 'good' : 'waiting',
    body: rowList([...Map.groupBy(jobs, ({ eventId }) => eventId).values()].map(outboxRow)),
  };
}

/** Of one event: the queues that it goes to. */
function outboxRow(jobs: readonly StoryJob[]): Html {
  const waiting = jobs.filter(({ published }) => !published).map(({ queue }) => queue);
  return html`<li class="line">
    <span>
      <strong>${jobs[0]?.eventType}</strong>
      <span class="quiet">to ${jobs.map(queueName).join(', ')}</span>
    </span>
    ${waiting.length === 0 ? badge('good', 'published') : badge('waiting', 'waits for the relay')}
  </li>`;
}

/** What is published again is another row: a replay, or the next generation. */
function queueName({ queue, replayId, generation }: StoryJob): string {
  const again = [...(replayId === 'live' ? [] : [replayId]), ...(generation === 0 ? [] : [`generation ${generation}`])];
  return again.length === 0 ? queue : `${queue} (${again.join(', ')})`;
}

const OUTCOMES: Readonly<Record<NonNullable<StoryJob['outcome']>, Tone>> = {
  done: 'good',
  dead: 'bad',
  expired: 'warning',
  purged: 'warning',
};

export function jobsStep({ jobs, jobsDroppedAt }: StoryOperations): Step {
  if (jobs.length === 0) {
    return { title: 'Jobs', outcome: jobsDroppedAt === null ? 'None' : 'All ended, no longer kept', tone: 'nothing' };
  }
  const dead = jobs.filter(({ outcome }) => outcome === 'dead').length;
  const open = jobs.filter(({ outcome }) => outcome === null).length;
  const ended = jobs.length - open;
  return {
    title: 'Jobs',
    outcome: [
      open === 0 ? `${counted(ended, 'job')} ended` : `${ended} of ${counted(jobs.length, 'job')} ended`,
      ...(dead === 0 ? [] : [`${dead} dead`]),
    ].join(', '),
    tone: dead > 0 ? 'bad' : open > 0 ? 'waiting' : 'good',
    body: rowList(jobs.map(jobRow)),
  };
}

function jobRow(job: StoryJob): Html {
  return html`<li>
    <span class="line">
      <span><strong>${queueName(job)}</strong> <span class="quiet">${job.eventType}</span></span>
      ${job.outcome === null ? badge('waiting', 'not ended') : badge(OUTCOMES[job.outcome], job.outcome)}
    </span>
    ${
      job.attempts.length > 0 &&
      html`<ol class="attempts">
        ${job.attempts.map(attemptRow)}
      </ol>`
    }
    ${job.deadLetter && html`<p class="note bad">Dead letter: ${job.deadLetter.cause}. ${job.deadLetter.detail}</p>`}
  </li>`;
}

function attemptRow(attempt: StoryAttempt): Html {
  return html`<li class="line quiet">
    <span class="wide">
      Attempt ${attempt.attempt} on ${attempt.transport}: ${attempt.outcome}
      ${attempt.detail !== null && attempt.outcome === 'retry' && ` (${attempt.detail})`}
    </span>
    <span>${time(attempt.startedAt)} · ${attempt.durationMs} ms</span>
  </li>`;
}
