import { z } from 'zod';

/** Schemas of the events about work: jobs, calls to the outside, timers. */
const time = z.iso.datetime({ offset: true });

export const repetition = z.strictObject({
  by: z.string().min(1),
  reason: z.string().min(1),
  /** The jobs that are published once more, each with the generation that it has now. */
  jobs: z
    .array(
      z.strictObject({
        position: z.string(),
        queue: z.string(),
        replayId: z.string(),
        generation: z.int().positive(),
      }),
    )
    .min(1),
});

export const jobPurge = z.strictObject({
  by: z.string().min(1),
  reason: z.string().min(1),
  /** The jobs that are given up, each with the generation that died. */
  jobs: z
    .array(
      z.strictObject({
        position: z.string(),
        queue: z.string(),
        replayId: z.string(),
        generation: z.int().nonnegative(),
      }),
    )
    .min(1),
});

/** How a person decided about a call to the outside of which nobody knew whether it had been carried out. */
export const effectResolution = z.strictObject({
  /** Also the idempotency key that the other side got. */
  effectId: z.string(),
  decision: z.enum(['done', 'repeat']),
  reason: z.string().min(1),
  by: z.string().min(1),
  queue: z.string(),
  replayId: z.string(),
  step: z.string(),
  adapter: z.string(),
});

/** In the stream that the timer was armed for. How late it fired is the difference of `recorded_at` and `dueAt`. */
export const timerFiring = z.strictObject({
  key: z.string().min(1),
  task: z.string().min(1),
  dueAt: time,
  /** As it was given when the timer was armed. */
  data: z.record(z.string(), z.json()),
});

export const workRequest = z.strictObject({
  /** What is to be done, such as the template of a notification. */
  task: z.string(),
  /** The event that asked for it. */
  causeEventId: z.string(),
  causeType: z.string(),
  /** Unique per effect: two reports of one fact ask for one effect. */
  effectKey: z.string(),
  details: z.record(z.string(), z.string()),
});
