import { setTimeout as pause } from 'node:timers/promises';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { Logger } from '../platform/logger.ts';
import { ALARMS, findAlarms } from './find-alarms.ts';
import type { QueueReading, Readings } from './readings.ts';

export type AlarmGauges = Readonly<{
  /**
   * Brings the gauges up to date, unless they are fresh enough. Never rejects and never takes long: while a reading is
   * late the last one stands, and after one that failed `hookledger_readings_up` is 0 and the others are gone.
   */
  refresh(): Promise<void>;
}>;

export type AlarmGaugesDeps = Readonly<{
  registry: Registry;
  read(): Promise<Readonly<{ readings: Readings; queues: readonly QueueReading[] }>>;
  /** In milliseconds. */
  now: () => number;
  logger: Logger;
}>;

/** However often somebody asks. */
const FRESH_MS = 5_000;
/** And however big the database is: reading takes at most a twentieth of the time. */
const REST_PER_READING = 20;
const PATIENCE_MS = 2_000;

/** Gauges of everything that can fail silently, in `registry`. */
export function createAlarmGauges({ registry, read, now, logger }: AlarmGaugesDeps): AlarmGauges {
  const gauges = createGauges(registry);
  const isUp = new Gauge({
    name: 'hookledger_readings_up',
    help: '1 when what the alarms need could be read.',
    registers: [registry],
  });
  let readAgainAt = 0;
  let reading: Promise<void> | undefined;

  async function readOnce(): Promise<void> {
    const startedAt = now();
    try {
      const { readings, queues } = await read();
      gauges.clear();
      gauges.set(readings, queues);
      isUp.set(1);
    } catch (err) {
      gauges.clear();
      isUp.set(0);
      logger.warn({ err }, 'the alarms could not be read');
    }
    readAgainAt = now() + Math.max(FRESH_MS, (now() - startedAt) * REST_PER_READING);
    reading = undefined;
  }

  return {
    async refresh() {
      if (now() >= readAgainAt) reading ??= readOnce();
      if (reading !== undefined) await Promise.race([reading, pause(PATIENCE_MS, undefined, { ref: false })]);
    },
  };
}

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name: `hookledger_${name}`, help, labelNames, registers: [registry] });
  const all = {
    alarm: gauge('alarm', '1 where hookledger doctor finds this alarm; see docs/operations.md.', 'alarm'),
    shardsUnheld: gauge('relay_shards_unheld', 'Shards that no relay holds.'),
    tracked: gauge('high_water_mark_tracked', '1 while a process keeps moving the high-water mark.'),
    mark: gauge('high_water_mark_position', 'Where the high-water mark stands.'),
    drawn: gauge('drawn_position', 'The last position that was drawn.'),
    unmarked: gauge('high_water_mark_unmarked_seconds', 'Age of the first event above the high-water mark.'),
    append: gauge('append_lock_oldest_seconds', 'Age of the oldest transaction that holds the append lock.'),
    outbox: gauge('outbox_oldest_seconds', 'Age of the oldest row that is not published.'),
    unsettled: gauge(
      'unsettled_jobs',
      'Jobs that were published five minutes ago or more and have not ended.',
      'queue',
    ),
    unsettledAge: gauge('unsettled_jobs_oldest_seconds', 'Age of the oldest of them.', 'queue'),
    lag: gauge('projection_lag_seconds', 'Age of the first event that a read model has not folded.', 'projection'),
    dead: gauge('dead_letters_last_day', 'Jobs that ended without success within a day, and still are.'),
    held: gauge('streams_held', 'Streams that a dead job holds.', 'queue'),
    heldAge: gauge('streams_held_oldest_seconds', 'How long ago the first of those jobs died.', 'queue'),
    timers: gauge('timers_due', 'Timers that are due and have not fired.'),
    timersAge: gauge('timers_due_oldest_seconds', 'For how long the first of them has been due.'),
    uncertain: gauge('uncertain_effects', 'Calls of which nobody knows whether they took effect.'),
    positions: gauge('partition_positions_ahead', 'Positions that the partitions have room for.'),
    days: gauge('partition_days_ahead', 'Days to come that dead letters have partitions for.'),
    jobs: gauge('queue_jobs', 'Jobs on the transport.', 'queue', 'state'),
    stalled: gauge('queue_stalled_seconds', 'For how long jobs have waited without any having ended.', 'queue'),
  };
  /** A value that nobody knows is none; a gauge of its own accord says 0. */
  function clear(): void {
    const { alarm, lag, jobs, stalled, unsettled, unsettledAge, held, heldAge, ...single } = all;
    for (const each of [alarm, lag, jobs, stalled, unsettled, unsettledAge, held, heldAge]) each.reset();
    for (const each of Object.values(single)) each.remove();
  }
  clear();
  return {
    clear,
    set(readings: Readings, queues: readonly QueueReading[]) {
      const found = new Set(findAlarms(readings, queues).map(({ name }) => name));
      for (const name of ALARMS) all.alarm.labels(name).set(found.has(name) ? 1 : 0);
      all.shardsUnheld.set(readings.shards - readings.shardsHeld);
      all.tracked.set(readings.isTracked ? 1 : 0);
      all.mark.set(Number(readings.mark));
      all.drawn.set(Number(readings.drawn));
      all.unmarked.set(readings.unmarkedSeconds);
      all.append.set(readings.oldestAppender?.seconds ?? 0);
      all.outbox.set(readings.unpublishedSeconds);
      for (const { queue, jobs, oldestSeconds } of readings.unsettled) {
        all.unsettled.labels(queue).set(jobs);
        all.unsettledAge.labels(queue).set(oldestSeconds);
      }
      for (const { name, seconds } of readings.projections) all.lag.labels(name).set(seconds);
      all.dead.set(readings.deadLetters);
      for (const { queue, streams, oldestSeconds } of readings.heldStreams) {
        all.held.labels(queue).set(streams);
        all.heldAge.labels(queue).set(oldestSeconds);
      }
      all.timers.set(readings.dueTimers.timers);
      all.timersAge.set(readings.dueTimers.oldestSeconds);
      all.uncertain.set(readings.uncertainEffects);
      all.positions.set(readings.positionsAhead);
      all.days.set(readings.daysAhead);
      for (const { queue, depth, stalledSeconds } of queues) {
        for (const [state, count] of Object.entries(depth ?? {})) all.jobs.labels(queue, state).set(count);
        if (depth !== undefined) all.stalled.labels(queue).set(stalledSeconds);
      }
    },
  };
}
