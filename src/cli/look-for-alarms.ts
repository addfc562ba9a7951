import { setTimeout as pause } from 'node:timers/promises';
import { findAlarms } from '../alarms/find-alarms.ts';
import type { Alarm } from '../alarms/find-alarms.ts';
import { lookAtQueues, readReadings } from '../alarms/read-readings.ts';
import { compareLooks } from '../alarms/watch-queues.ts';
import type { Config } from '../config.ts';
import type { Environment } from './environment.ts';
import type { QueueDepths } from './queue-depths.ts';
import { readQueueDepths } from './queue-depths.ts';

export type AlarmsFound = Readonly<{ alarms: readonly Alarm[]; queues: QueueDepths }>;

/** Long enough for a worker that works to take a job. */
const SECOND_LOOK_MS = 3_000;

/**
 * What fails now without saying so. A queue is suspected when jobs wait and none has ended for minutes; with
 * `looksTwice` it is looked at again before that counts, otherwise it does not.
 */
export async function lookForAlarms(
  environment: Environment,
  config: Config,
  { looksTwice }: { looksTwice: boolean },
): Promise<AlarmsFound> {
  const first = await look(environment, config);
  const isSuspect = first.looks.some(({ depth, lastEndedSeconds }) => depth?.waiting && lastEndedSeconds === undefined);
  if (!looksTwice || !isSuspect) {
    return { alarms: findAlarms(first.readings, compareLooks([], first.looks)), queues: first.queues };
  }
  await pause(SECOND_LOOK_MS);
  const second = await look(environment, config);
  return { alarms: findAlarms(second.readings, compareLooks(first.looks, second.looks)), queues: second.queues };
}

async function look(environment: Environment, config: Config) {
  const { readings, lastEndings } = await readReadings(environment.pool);
  const queues = await readQueueDepths(environment, config);
  return { readings, queues, looks: lookAtQueues(queues.depths, lastEndings) };
}
