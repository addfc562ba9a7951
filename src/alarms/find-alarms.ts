import type { QueueReading, Readings } from './readings.ts';

/** Each has a row in the runbook, docs/operations.md. */
export const ALARMS = [
  'mark-untracked',
  'mark-stands',
  'append-lock',
  'relay-shards',
  'outbox-age',
  'transport',
  'queue-stalled',
  'unsettled-jobs',
  'projection-lag',
  'timers-overdue',
  'dead-letters',
  'streams-held',
  'uncertain-effects',
  'partitions',
] as const;
export type AlarmName = (typeof ALARMS)[number];

export type Alarm = Readonly<{
  name: AlarmName;
  /** What is wrong. */
  text: string;
  /** What to do next. */
  action: string;
}>;

/** An appender that hangs is ended after two seconds; the mark follows within one. */
const MAX_MARK_AGE_SECONDS = 10;
const MAX_APPEND_SECONDS = 10;
/** What waits longer than this waits for something that is broken. */
const MAX_WAIT_SECONDS = 60;
/** Longer than all tries of a job take together; those of the outside's queue are spread over an hour. */
const MAX_JOB_SECONDS: Readonly<Record<string, number>> = { 'integration-tasks': 7_200 };
const MAX_OTHER_JOB_SECONDS = 1_200;
/** Partitions are made 20 million positions and seven days ahead, every minute: by this much they are late. */
const MIN_POSITIONS_AHEAD = 10_000_000;
const MIN_DAYS_AHEAD = 3;

/**
 * What fails without telling anybody, in words; nothing when all is well. What waits for a person (unmapped webhooks,
 * unassigned, conflicts) is no alarm.
 */
export function findAlarms(readings: Readings, queues: readonly QueueReading[]): readonly Alarm[] {
  return [
    ...findLogAlarms(readings),
    ...findRelayAlarms(readings),
    ...queues.flatMap(findQueueAlarms),
    ...readings.unsettled.flatMap(({ queue, jobs, oldestSeconds }) =>
      alarmIf(
        oldestSeconds > (MAX_JOB_SECONDS[queue] ?? MAX_OTHER_JOB_SECONDS),
        'unsettled-jobs',
        `On ${queue} ${jobs} published jobs have not ended, the oldest for ${whole(oldestSeconds)} s.`,
        'See hookledger relay reconcile: it publishes again what is lost. Those of a held stream wait as `streams-held` says.',
      ),
    ),
    ...readings.projections.flatMap(({ name, version, seconds }) =>
      alarmIf(
        seconds > MAX_WAIT_SECONDS,
        'projection-lag',
        `The read model ${name} v${version} is ${whole(seconds)} s behind.`,
        'See the log of the process with the role projector: `projection failed` names the position.',
      ),
    ),
    ...findTimerAlarms(readings),
    ...findEndAlarms(readings),
  ];
}

function findLogAlarms({ isTracked, mark, drawn, unmarkedSeconds, oldestAppender, ...rest }: Readings): Alarm[] {
  const { pid, applicationName, seconds } = oldestAppender ?? { pid: 0, applicationName: '', seconds: 0 };
  const holder = `${pid === 0 ? 'prepared transaction' : `pid ${pid}`} (${applicationName})`;
  return [
    ...alarmIf(
      !isTracked,
      'mark-untracked',
      'No process moves the high-water mark.',
      'Start one with the role relay or projector.',
    ),
    ...alarmIf(
      isTracked && unmarkedSeconds > MAX_MARK_AGE_SECONDS,
      'mark-stands',
      `The high-water mark stands at ${mark} for ${whole(unmarkedSeconds)} s with events above it, up to ${drawn}.`,
      oldestAppender === undefined
        ? 'See the log of the process with the role relay or projector.'
        : `The append lock is held by ${holder}: end it with pg_terminate_backend.`,
    ),
    ...alarmIf(
      seconds !== undefined && seconds > MAX_APPEND_SECONDS,
      'append-lock',
      `The append lock has been held for ${whole(seconds ?? 0)} s by ${holder}.`,
      'Nothing above its positions is read: end it with pg_terminate_backend, and find out what it waited for.',
    ),
    ...alarmIf(
      rest.positionsAhead < MIN_POSITIONS_AHEAD || rest.daysAhead < MIN_DAYS_AHEAD,
      'partitions',
      `The partitions have room for ${rest.positionsAhead} positions, those of dead letters for ${rest.daysAhead} days.`,
      'See `partitions not made` in the log of the processes with the role relay or projector.',
    ),
  ];
}

function findRelayAlarms({ shards, shardsHeld, unpublishedSeconds }: Readings): Alarm[] {
  return [
    ...alarmIf(
      shardsHeld < shards,
      'relay-shards',
      `No relay holds ${shards - shardsHeld} of ${shards} shards.`,
      'Start a process with the role relay.',
    ),
    ...alarmIf(
      unpublishedSeconds > MAX_WAIT_SECONDS,
      'outbox-age',
      `The oldest row of the outbox has waited for ${whole(unpublishedSeconds)} s to be published.`,
      'See hookledger relay status: which lanes, and whether their queues are full or away.',
    ),
  ];
}

function findQueueAlarms({ queue, depth, stalledSeconds }: QueueReading): Alarm[] {
  return [
    ...alarmIf(
      depth === undefined,
      'transport',
      `The queue ${queue} does not answer.`,
      'Bring the transport back; work waits in the outbox until then.',
    ),
    ...alarmIf(
      stalledSeconds > MAX_WAIT_SECONDS,
      'queue-stalled',
      `On ${queue} ${depth?.waiting ?? 0} jobs wait, and none has ended for ${whole(stalledSeconds)} s.`,
      'Start a process with the role worker; if one runs, see its log and restart it.',
    ),
  ];
}

function findTimerAlarms({ dueTimers: { timers, oldestSeconds } }: Readings): Alarm[] {
  return alarmIf(
    oldestSeconds > MAX_WAIT_SECONDS,
    'timers-overdue',
    `Of ${timers} timers that are due and have not fired the first is ${whole(oldestSeconds)} s late.`,
    'See hookledger timers list --overdue: start a process with the role worker, or see `timers not fired` in its log.',
  );
}

function findEndAlarms({ deadLetters, heldStreams, uncertainEffects }: Readings): Alarm[] {
  return [
    ...alarmIf(
      deadLetters > 0,
      'dead-letters',
      `${deadLetters} jobs ended without success within a day.`,
      'See hookledger dead-letters list; mend the cause, then redrive them.',
    ),
    ...heldStreams.flatMap(({ queue, streams, oldestSeconds, oldestEventId }) =>
      alarmIf(
        streams > 0,
        'streams-held',
        `On ${queue} dead jobs hold ${streams} streams, the first for ${whole(oldestSeconds)} s (event ${oldestEventId}).`,
        'See hookledger dead-letters list --open; mend the cause and redrive them, or purge them to let the streams go on.',
      ),
    ),
    ...alarmIf(
      uncertainEffects > 0,
      'uncertain-effects',
      `Of ${uncertainEffects} calls to the outside nobody knows whether they took effect.`,
      'See hookledger effects list: look at the other side and decide with effects resolve.',
    ),
  ];
}

function alarmIf(isWrong: boolean, name: AlarmName, text: string, action: string): Alarm[] {
  return isWrong ? [{ name, text, action }] : [];
}

function whole(seconds: number): number {
  return Math.floor(seconds);
}
