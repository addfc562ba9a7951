import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { buryJobs } from '../../src/event-store/bury-jobs.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { countDeadLetters } from '../../src/workers/dead-letters/count-dead-letters.ts';
import type { DeadLetterFilter } from '../../src/workers/dead-letters/dead-letter.ts';
import { groupDeadLetters } from '../../src/workers/dead-letters/group-dead-letters.ts';
import { listDeadLetters } from '../../src/workers/dead-letters/list-dead-letters.ts';
import type { DeadLetterKey } from '../../src/workers/dead-letters/list-dead-letters.ts';
import { purgeDeadLetters } from '../../src/workers/dead-letters/purge-dead-letters.ts';
import { readDeadLetters } from '../../src/workers/dead-letters/read-dead-letters.ts';
import { redriveDeadLetters } from '../../src/workers/dead-letters/redrive-dead-letters.ts';
import type { WalkOptions } from '../../src/workers/dead-letters/walk-dead-letters.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { endAgain, killJobs } from '../support/dead-jobs.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.adminPool.query(
    `insert into hookledger.tenants (id, name) values ('tnt_a', 'a'), ('tnt_b', 'b') on conflict do nothing`,
  );
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.adminPool.query('truncate hookledger.dead_letters');
});

const deps = () => ({ pool: database.pool, clock: { now: () => new Date() }, newId: randomUUID });
const why = { by: 'ada', reason: 'their API is back' };

const redrive = (filter: DeadLetterFilter = {}, options: WalkOptions = {}, rate = 10_000) =>
  redriveDeadLetters(deps(), { filter, ...why, rate }, options);

const purge = (filter: DeadLetterFilter = {}) => purgeDeadLetters(deps(), { filter, ...why });

const read = <T>(fn: Parameters<typeof withTransaction<T>>[2]): Promise<T> =>
  withTransaction(database.pool, { tenant: '*' }, fn);

const states = async (filter: DeadLetterFilter = {}): Promise<Record<string, string>> => {
  const letters = await read((tx) => listDeadLetters(tx, filter, { limit: 100 }));
  return Object.fromEntries(letters.map(({ eventId, generation, state }) => [`${eventId}.${generation}`, state]));
};

async function decisions(type: 'JobRedriven' | 'JobPurged'): Promise<readonly { tenant_id: string; data: unknown }[]> {
  const { rows } = await database.adminPool.query<{ tenant_id: string; data: unknown }>(
    'select tenant_id, data from hookledger.events where type = $1 order by position',
    [type],
  );
  return rows;
}

async function generations(position: string): Promise<readonly number[]> {
  const { rows } = await database.adminPool.query<{ generation: number }>(
    'select generation from hookledger.outbox where target_position = $1 order by generation',
    [position],
  );
  return rows.map(({ generation }) => generation);
}

describe('dead letters', () => {
  test('are listed newest first, page by page, by any filter', async () => {
    const [a, b, c] = await killJobs(database, [
      { call: 'list_a', tenantId: 'tnt_a' },
      { call: 'list_b', tenantId: 'tnt_b', cause: 'unrecoverable' },
      { call: 'list_c', tenantId: 'tnt_b', detail: 'Error: another one' },
    ]);
    const ids: (string | undefined)[] = [];
    let after: DeadLetterKey | undefined;
    do {
      const [letter] = await read((tx) => listDeadLetters(tx, {}, { after, limit: 1 }));
      after = letter;
      ids.push(letter?.eventId);
    } while (after !== undefined);
    // All of them died within one transaction, most likely within one millisecond.
    expect(ids).toEqual([c?.eventId, b?.eventId, a?.eventId, undefined]);

    const found = async (filter: DeadLetterFilter) => Object.keys(await states(filter));
    expect(await found({ tenantIds: ['tnt_a'] })).toEqual([`${a?.eventId}.0`]);
    expect(await found({ causes: ['unrecoverable', 'expired'] })).toEqual([`${b?.eventId}.0`]);
    expect(await found({ eventId: c?.eventId ?? '' })).toEqual([`${c?.eventId}.0`]);
    expect(await found({ queues: ['notifications'] })).toEqual([]);
    expect(await found({ states: ['redriven', 'done'] })).toEqual([]);
    const now = new Date();
    const anHourAgo = new Date(now.getTime() - 3_600_000);
    expect(await found({ since: anHourAgo, until: new Date(now.getTime() + 60_000) })).toHaveLength(3);
    expect(await found({ until: anHourAgo })).toEqual([]);
  });

  test('are one group for each bug, with what became of its jobs', async () => {
    const deaths = await killJobs(database, [
      { call: 'group_a', tenantId: 'tnt_a' },
      { call: 'group_b', tenantId: 'tnt_b' },
      { call: 'group_c', tenantId: 'tnt_b' },
      { call: 'group_d', tenantId: 'tnt_b', detail: 'Error: another one' },
    ]);
    const [a, b] = deaths;
    if (a === undefined || b === undefined) throw new Error('no jobs');
    await redrive({ eventId: a.eventId });
    await endAgain(database, a, 'done', 1);
    await redrive({ eventId: b.eventId });
    const groups = await read((tx) => groupDeadLetters(tx, {}, { limit: 10 }));
    expect(groups).toHaveLength(2);
    expect(groups.find(({ letters }) => letters === 3)).toMatchObject({
      queue: 'ingress-events',
      eventType: 'CallStarted',
      cause: 'attempts-exhausted',
      detail: 'Error: no answer about group_c_1 in time',
      tenants: 2,
      open: 1,
      redriven: 1,
      done: 1,
    });
    const pages: unknown[] = [];
    let after: (typeof groups)[number] | undefined;
    do {
      [after] = await read((tx) => groupDeadLetters(tx, {}, { after, limit: 1 }));
      if (after !== undefined) pages.push(after);
    } while (after !== undefined);
    expect(pages).toEqual(groups);
    const [first] = groups;
    expect(Object.keys(await states({ fingerprints: [first?.fingerprint ?? ''] }))).toHaveLength(first?.letters ?? 0);
  });

  test('tell the tries of their generation and the webhook that they go back to', async () => {
    const [death] = await killJobs(database, [{ call: 'story', attempts: 3 }]);
    const story = await read((tx) => readDeadLetters(tx, death?.eventId ?? ''));
    expect(story?.letters[0]?.tries.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'retry'],
      [2, 'retry'],
      [3, 'dead'],
    ]);
    expect(story?.webhookId).toBeNull();
    expect(await read((tx) => readDeadLetters(tx, randomUUID()))).toBeUndefined();
  });
});

describe('redriving', () => {
  test('publishes open jobs once more, by one event for each tenant that says who and why, in the order of the log', async () => {
    const deaths = await killJobs(database, [
      { call: 'redrive_a', tenantId: 'tnt_a' },
      { call: 'redrive_b', tenantId: 'tnt_b' },
      { call: 'redrive_c', tenantId: 'tnt_a' },
    ]);
    const before = (await decisions('JobRedriven')).length;
    const result = await redrive();
    expect(result).toMatchObject({ done: 3, left: 0, counts: { total: 3, tenants: 2 } });
    const jobs = (tenantId: string) =>
      deaths
        .filter((death) => death.tenantId === tenantId)
        .map(({ position, queue }) => ({ position, queue, replayId: 'live', generation: 1 }));
    const events = (await decisions('JobRedriven')).slice(before);
    expect(events.toSorted((x, y) => x.tenant_id.localeCompare(y.tenant_id))).toEqual([
      { tenant_id: 'tnt_a', data: { ...why, jobs: jobs('tnt_a') } },
      { tenant_id: 'tnt_b', data: { ...why, jobs: jobs('tnt_b') } },
    ]);
    expect(new Set(Object.values(await states()))).toEqual(new Set(['redriven']));
  });

  test('run again skips what was redriven, and counts it', async () => {
    const [first, second, third] = await killJobs(database, [
      { call: 'again_a' },
      { call: 'again_b' },
      { call: 'again_c' },
    ]);
    if (first === undefined || second === undefined || third === undefined) throw new Error('no jobs');
    await redrive({ eventId: first.eventId });
    await redrive({ eventId: second.eventId });
    await endAgain(database, first, 'done', 1);
    await endAgain(database, second, 'dead', 1);
    expect(await states()).toEqual({
      [`${first.eventId}.0`]: 'done',
      [`${second.eventId}.0`]: 'died-again',
      [`${second.eventId}.1`]: 'open',
      [`${third.eventId}.0`]: 'open',
    });
    expect(await redrive()).toMatchObject({
      done: 2,
      counts: { total: 4, byState: { open: 2, done: 1, 'died-again': 1 } },
    });
    expect(await redrive()).toMatchObject({ done: 0, counts: { byState: { open: 0, redriven: 2 } } });
    expect(await generations(first.position)).toEqual([0, 1]);
    expect(await generations(second.position)).toEqual([0, 1, 2]);
    expect(await generations(third.position)).toEqual([0, 1]);
  });

  test('by two people at once publishes each job once', async () => {
    const deaths = await killJobs(
      database,
      Array.from({ length: 12 }, (_, n) => ({ call: `both_${n}` })),
    );
    const results = await Promise.all(
      [redrive({}, {}, 5), redrive({}, {}, 5), redrive({}, {}, 5)].map(async (run) => (await run).done),
    );
    expect(results.reduce((a, b) => a + b)).toBe(12);
    for (const { position } of deaths) expect(await generations(position)).toEqual([0, 1]);
  });

  test('stopped half way says what is left, and goes on with that', async () => {
    await killJobs(
      database,
      Array.from({ length: 5 }, (_, n) => ({ call: `stopped_${n}` })),
    );
    const stop = new AbortController();
    const progress: number[] = [];
    const onProgress = (done: number): void => {
      progress.push(done);
      stop.abort();
    };
    expect(await redrive({}, { signal: stop.signal, onProgress }, 2)).toMatchObject({ done: 2, left: 3 });
    expect(progress).toEqual([2]);
    expect(await redrive()).toMatchObject({ done: 3, left: 0 });
  });

  test('takes no job that dies while it runs: it would never end', async () => {
    const [first] = await killJobs(database, [{ call: 'while_a' }, { call: 'while_b' }, { call: 'while_c' }]);
    if (first === undefined) throw new Error('no job');
    const deaths: Promise<unknown>[] = [];
    const onProgress = (done: number): void => {
      if (done !== 2) return;
      deaths.push(endAgain(database, first, 'dead', 1), killJobs(database, [{ call: 'while_d' }]));
    };
    expect(await redrive({}, { onProgress }, 2)).toMatchObject({ done: 3, left: 0 });
    await Promise.all(deaths);
    expect(deaths).toHaveLength(2);
    expect(await generations(first.position)).toEqual([0, 1]);
    expect(Object.values(await states()).toSorted()).toEqual(['died-again', 'open', 'open', 'redriven', 'redriven']);
  });

  test('takes none where the filter asks for letters that are not open', async () => {
    await killJobs(database, [{ call: 'not_open' }]);
    expect(await redrive({ states: ['done', 'redriven'] })).toMatchObject({ done: 0, counts: { total: 0 } });
    expect(await redrive({ states: ['done', 'open'] })).toMatchObject({ done: 1 });
  });

  test('leaves a letter alone whose event or inbox row is gone', async () => {
    const [death] = await killJobs(database, [{ call: 'lost' }]);
    const nowhere = { ...death, position: '19999999', eventId: randomUUID() };
    if (death === undefined) throw new Error('no job');
    await read((tx) => buryJobs(tx, [{ ...death, ...nowhere }]));
    await database.adminPool.query('delete from hookledger.inbox where position = $1', [death.position]);
    expect(await states()).toEqual({ [`${death.eventId}.0`]: 'lost', [`${nowhere.eventId}.0`]: 'lost' });
    expect(await redrive()).toMatchObject({ done: 0, counts: { byState: { lost: 2 } } });
    expect(await purge()).toMatchObject({ done: 2 });
    expect(await states()).toEqual({});
  });

  test.each([
    [{ by: ' ', reason: 'x', rate: 1 }],
    [{ by: 'ada', reason: ' ', rate: 1 }],
    [{ by: 'ada', reason: 'a NUL \0', rate: 1 }],
    [{ by: 'ada', reason: 'x', rate: 0 }],
  ])('refuses an order that makes no sense: %j', async (order) => {
    await expect(redriveDeadLetters(deps(), { filter: {}, ...order })).rejects.toMatchObject({
      code: 'invalid_command',
    });
  });
});

describe('purging', () => {
  test('ends open jobs as purged, by an event that says who and why, and removes their letters', async () => {
    const deaths = await killJobs(database, [
      { call: 'purge_a', tenantId: 'tnt_a' },
      { call: 'purge_b', tenantId: 'tnt_b' },
      { call: 'purge_c', tenantId: 'tnt_a' },
    ]);
    const [a, b, c] = deaths;
    if (a === undefined || b === undefined || c === undefined) throw new Error('no jobs');
    await redrive({ eventId: b.eventId });
    await redrive({ eventId: c.eventId });
    await endAgain(database, c, 'dead', 1);
    expect(await purge()).toMatchObject({ done: 2, left: 0, counts: { byState: { open: 2, redriven: 1 } } });
    expect(await states()).toEqual({ [`${b.eventId}.0`]: 'redriven' });
    const { rows } = await database.adminPool.query(
      'select position, outcome, generation from hookledger.inbox where position = any ($1) order by position',
      [deaths.map(({ position }) => position)],
    );
    expect(rows).toEqual([
      { position: a.position, outcome: 'purged', generation: 0 },
      { position: b.position, outcome: 'dead', generation: 0 },
      { position: c.position, outcome: 'purged', generation: 1 },
    ]);
    const job = { queue: 'ingress-events', replayId: 'live' };
    expect(await decisions('JobPurged')).toContainEqual({
      tenant_id: 'tnt_a',
      data: {
        ...why,
        jobs: [
          { ...job, position: a.position, generation: 0 },
          { ...job, position: c.position, generation: 1 },
        ],
      },
    });
    expect(await purge({ tenantIds: ['tnt_a'] })).toMatchObject({ done: 0, counts: { total: 0 } });
  });

  test('counts what a filter takes without doing anything', async () => {
    await killJobs(database, [{ call: 'count_a' }, { call: 'count_b', tenantId: 'tnt_a' }]);
    const counts = await read((tx) => countDeadLetters(tx, { tenantIds: ['tnt_a'] }));
    expect(counts).toMatchObject({ total: 1, tenants: 1, byState: { open: 1, redriven: 0 } });
    expect(Object.keys(await states())).toHaveLength(2);
  });
});
