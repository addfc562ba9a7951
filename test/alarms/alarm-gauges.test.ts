import { beforeEach, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createAlarmGauges } from '../../src/alarms/alarm-gauges.ts';
import type { AlarmGaugesDeps } from '../../src/alarms/alarm-gauges.ts';
import type { Readings } from '../../src/alarms/readings.ts';
import { createLogger } from '../../src/platform/logger.ts';

const readings: Readings = {
  shardsHeld: 15,
  shards: 16,
  isTracked: true,
  mark: '10',
  drawn: '12',
  unmarkedSeconds: 0,
  oldestAppender: undefined,
  unpublishedSeconds: 3,
  unsettled: [],
  projections: [{ name: 'usage', version: 1, seconds: 2 }],
  deadLetters: 0,
  heldStreams: [],
  dueTimers: { timers: 0, oldestSeconds: 0 },
  uncertainEffects: 0,
  positionsAhead: 20_000_000,
  daysAhead: 7,
};
const queues = [
  {
    queue: 'notifications',
    depth: { waiting: 3, active: 1, delayed: 0 },
    lastEndedSeconds: undefined,
    stalledSeconds: 9,
  },
];

let registry: Registry;
let seconds: number;
let reads: number;

beforeEach(() => {
  registry = new Registry();
  seconds = 100;
  reads = 0;
});

function create(read: AlarmGaugesDeps['read']) {
  return createAlarmGauges({
    registry,
    read: () => {
      reads += 1;
      return read();
    },
    now: () => seconds * 1_000,
    logger: createLogger({ level: 'silent' }),
  });
}

test('tell what was read, and which alarms it means', async () => {
  await create(async () => ({ readings, queues })).refresh();
  const text = await registry.metrics();
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      'hookledger_readings_up 1',
      'hookledger_relay_shards_unheld 1',
      'hookledger_alarm{alarm="relay-shards"} 1',
      'hookledger_alarm{alarm="dead-letters"} 0',
      'hookledger_outbox_oldest_seconds 3',
      'hookledger_projection_lag_seconds{projection="usage"} 2',
      'hookledger_queue_jobs{queue="notifications",state="waiting"} 3',
      'hookledger_queue_stalled_seconds{queue="notifications"} 9',
    ]),
  );
});

test('are read again after five seconds, and however slow a reading is, not for longer than a twentieth of the time', async () => {
  let takes = 0;
  const gauges = create(async () => {
    seconds += takes;
    return { readings, queues };
  });
  await gauges.refresh();
  await gauges.refresh();
  expect(reads).toBe(1);
  seconds += 5;
  takes = 1;
  await gauges.refresh();
  expect(reads).toBe(2);
  seconds += 19;
  await gauges.refresh();
  expect(reads).toBe(2);
  seconds += 1;
  await gauges.refresh();
  expect(reads).toBe(3);
});

test('are gone when they cannot be read: nothing known is not nothing wrong', async () => {
  let isDown = false;
  const gauges = create(() => (isDown ? Promise.reject(new Error('down')) : Promise.resolve({ readings, queues })));
  await gauges.refresh();
  isDown = true;
  seconds += 5;
  await gauges.refresh();
  const samples = (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(samples).toEqual(['hookledger_readings_up 0']);
});

test('many who ask at once share one reading', async () => {
  const gauges = create(async () => ({ readings, queues }));
  await Promise.all([gauges.refresh(), gauges.refresh(), gauges.refresh()]);
  expect(reads).toBe(1);
});
