import { expect, test } from '@jest/globals';
import type { AlarmName } from '../../src/alarms/find-alarms.ts';
import { findAlarms } from '../../src/alarms/find-alarms.ts';
import type { QueueReading, Readings } from '../../src/alarms/readings.ts';

const healthy: Readings = {
  shardsHeld: 16,
  shards: 16,
  isTracked: true,
  mark: '10',
  drawn: '12',
  unmarkedSeconds: 0.2,
  oldestAppender: { pid: 7, applicationName: 'hookledger ingest', seconds: 0.01 },
  unpublishedSeconds: 3,
  unsettled: [{ queue: 'integration-tasks', jobs: 3, oldestSeconds: 3_000 }],
  projections: [{ name: 'usage', version: 1, seconds: 2 }],
  deadLetters: 0,
  heldStreams: [],
  dueTimers: { timers: 0, oldestSeconds: 0 },
  uncertainEffects: 0,
  positionsAhead: 20_000_000,
  daysAhead: 7,
};
const queue: QueueReading = {
  queue: 'notifications',
  depth: { waiting: 3, active: 1, delayed: 0 },
  lastEndedSeconds: 1,
  stalledSeconds: 20,
};

test('work under way and retries that are spread over an hour are no alarm', () => {
  expect(findAlarms(healthy, [queue])).toEqual([]);
});

test.each<[AlarmName, Partial<Readings>, RegExp]>([
  ['mark-untracked', { isTracked: false }, /role relay or projector/],
  ['mark-stands', { unmarkedSeconds: 11 }, /stands at 10 for 11 s .* held by pid 7 \(hookledger ingest\)/],
  ['append-lock', { oldestAppender: { pid: 0, applicationName: 'gid', seconds: 11 } }, /prepared transaction \(gid\)/],
  ['partitions', { daysAhead: 1 }, /for 1 days/],
  ['relay-shards', { shardsHeld: 12 }, /4 of 16 shards/],
  ['outbox-age', { unpublishedSeconds: 61 }, /61 s to be published/],
  ['unsettled-jobs', { unsettled: [{ queue: 'notifications', jobs: 2, oldestSeconds: 3_000 }] }, /notifications 2 /],
  ['projection-lag', { projections: [{ name: 'usage', version: 2, seconds: 90 }] }, /usage v2 is 90 s behind/],
  [
    'timers-overdue',
    { dueTimers: { timers: 3, oldestSeconds: 61.4 } },
    /Of 3 timers .* the first is 61 s late.*worker/,
  ],
  [
    'streams-held',
    { heldStreams: [{ queue: 'notifications', streams: 2, oldestSeconds: 7, oldestEventId: 'e1' }] },
    /On notifications dead jobs hold 2 streams, the first for 7 s \(event e1\).*redrive .* purge/,
  ],
  ['dead-letters', { deadLetters: 2 }, /2 jobs ended without success/],
  ['uncertain-effects', { uncertainEffects: 1 }, /effects resolve/],
])('%s says what is wrong and what to do', (name, change, text) => {
  const alarms = findAlarms({ ...healthy, ...change }, [queue]);
  expect(alarms.map((alarm) => alarm.name)).toEqual([name]);
  expect(`${alarms[0]?.text} ${alarms[0]?.action}`).toMatch(text);
});

test.each<[AlarmName, Partial<QueueReading>, RegExp]>([
  ['transport', { depth: undefined, stalledSeconds: 0 }, /notifications does not answer/],
  ['queue-stalled', { stalledSeconds: 61 }, /On notifications 3 jobs wait, and none has ended for 61 s/],
])('%s is about one queue', (name, change, text) => {
  expect(findAlarms(healthy, [{ ...queue, ...change }, queue])).toEqual([
    { name, text: expect.stringMatching(text), action: expect.any(String) },
  ]);
});

test('a holder whose age nobody may see is no alarm by itself', () => {
  const oldestAppender = { pid: 7, applicationName: 'psql', seconds: undefined };
  expect(findAlarms({ ...healthy, oldestAppender }, [])).toEqual([]);
});
