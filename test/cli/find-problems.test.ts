import { expect, test } from '@jest/globals';
import { findProblems } from '../../src/cli/find-problems.ts';
import type { Health } from '../../src/cli/find-problems.ts';

const depth = { waiting: 3, active: 1, delayed: 0 };
const healthy: Health = {
  log: { mark: '10', drawn: '12', unmarkedSeconds: 0.2, isTracked: true, shardsHeld: 16, shards: 16 },
  projections: [
    { name: 'usage', version: 1, state: 'active', foldRanges: 1, position: '9', behind: '1', lagSeconds: 2 },
    { name: 'usage', version: 2, state: 'building', foldRanges: 4, position: '0', behind: '10', lagSeconds: 9_000 },
  ],
  lanesBehind: [
    { tenantId: 't', queue: 'notifications', shard: 3, publishedPosition: '4', waiting: 1, oldestSeconds: 1 },
  ],
  queues: { transport: 'bullmq-redis', depths: [{ queue: 'notifications', depth }] },
  attention: { deadLetters: 0, unmapped: 5, unassigned: 4, quarantined: 3, conflicts: 2, rejections: 1 },
};

test('work under way, a model being built and webhooks that wait for a person are no problem', () => {
  expect(findProblems(healthy)).toEqual([]);
});

test('nothing that runs embedded for one command has queues to answer', () => {
  expect(findProblems({ ...healthy, queues: { transport: undefined, depths: [] } })).toEqual([]);
});

test.each<[string, Partial<Health>, RegExp]>([
  ['nobody moves the mark', { log: { ...healthy.log, isTracked: false } }, /role relay or projector/],
  ['the mark stands still', { log: { ...healthy.log, unmarkedSeconds: 11 } }, /stands at 10 for 11 s/],
  ['shards without an owner', { log: { ...healthy.log, shardsHeld: 12 } }, /4 of 16 shards/],
  [
    'a model that is behind',
    { projections: healthy.projections.map((each) => ({ ...each, lagSeconds: 90 })) },
    /usage v1 is 90 s behind/,
  ],
  [
    'a lane that waits',
    { lanesBehind: healthy.lanesBehind.map((lane) => ({ ...lane, oldestSeconds: 61 })) },
    /1 lanes wait/,
  ],
  [
    'queues that do not answer',
    { queues: { transport: 'bullmq-redis', depths: [{ queue: 'notifications', depth: undefined }] } },
    /do not answer/,
  ],
  ['jobs that died', { attention: { ...healthy.attention, deadLetters: 2 } }, /2 jobs ended without success/],
])('%s is a problem', (_, change, text) => {
  expect(findProblems({ ...healthy, ...change })).toEqual([expect.stringMatching(text)]);
});
