import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { buryJobs } from '../../src/event-store/bury-jobs.ts';
import type { Death } from '../../src/event-store/bury-jobs.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { newEvent } from '../support/new-event.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function death(call: string, options: Partial<Death> = {}): Promise<Death> {
  const event = newEvent({ call });
  const [appended] = await withTransaction(database.pool, { tenant: '*' }, (tx) => appendEvents(tx, [event]));
  return {
    position: String(appended?.position),
    queue: 'ingress-events',
    replayId: 'live',
    generation: 0,
    tenantId: 'unassigned',
    eventId: event.eventId,
    eventType: 'CallStarted',
    cause: 'attempts-exhausted',
    detail: 'Error: it fails',
    attempts: 3,
    ...options,
  };
}

const bury = (...deaths: readonly Death[]): Promise<number> =>
  withTransaction(database.pool, { tenant: '*' }, (tx) => buryJobs(tx, deaths));

async function endAs(outcome: string, { position, queue }: Death, generation = 0): Promise<void> {
  await database.adminPool.query(
    `insert into hookledger.inbox (position, queue, replay_id, tenant_id, generation, outcome)
     values ($1, $2, 'live', 'unassigned', $3, $4)`,
    [position, queue, generation, outcome],
  );
}

async function stateOf({ position }: Death) {
  const { rows } = await database.adminPool.query(
    `select i.outcome, i.generation,
       (select json_agg(d.generation order by d.generation) from hookledger.dead_letters d
        where d.position = i.position and d.queue = i.queue and d.replay_id = i.replay_id) as letters
     from hookledger.inbox i where i.position = $1`,
    [position],
  );
  return rows;
}

describe('burying a job', () => {
  test('ends it as dead, with a letter that says why', async () => {
    const job = await death('call_dead');
    expect(await bury(job)).toBe(1);
    const { rows } = await database.adminPool.query(
      `select i.outcome, d.event_id, d.tenant_id, d.cause, d.detail, d.attempts, d.fingerprint
       from hookledger.dead_letters d join hookledger.inbox i using (position, queue, replay_id, generation)
       where d.position = $1`,
      [job.position],
    );
    expect(rows).toEqual([
      {
        outcome: 'dead',
        event_id: job.eventId,
        tenant_id: 'unassigned',
        cause: 'attempts-exhausted',
        detail: 'Error: it fails',
        attempts: 3,
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    ]);
  });

  test('again, or several times at once, adds nothing', async () => {
    const job = await death('call_again');
    const buried = await Promise.all([bury(job), bury(job, job), bury({ ...job, cause: 'abandoned-by-transport' })]);
    expect(buried.toSorted()).toEqual([0, 0, 1]);
    expect(await bury(job)).toBe(0);
    expect(await stateOf(job)).toEqual([{ outcome: 'dead', generation: 0, letters: [0] }]);
  });

  test('that is done changes nothing, whatever the generation', async () => {
    const job = await death('call_done');
    await endAs('done', job);
    expect(await bury(job, { ...job, generation: 4 })).toBe(0);
    expect(await stateOf(job)).toEqual([{ outcome: 'done', generation: 0, letters: null }]);
  });

  test('of a higher generation is the news, and of a lower one is none', async () => {
    const job = await death('call_twice');
    await bury(job);
    expect(await bury({ ...job, generation: 2 })).toBe(1);
    expect(await bury({ ...job, generation: 1 })).toBe(0);
    expect(await stateOf(job)).toEqual([{ outcome: 'dead', generation: 2, letters: [0, 2] }]);
    const purged = await death('call_purged');
    await endAs('purged', purged);
    expect(await bury(purged)).toBe(0);
    expect(await bury({ ...purged, generation: 1 })).toBe(1);
    expect(await stateOf(purged)).toEqual([{ outcome: 'dead', generation: 1, letters: [1] }]);
  });

  test('takes an error that holds what PostgreSQL does not take, or is very long', async () => {
    const job = await death('call_nul', { detail: `Error: a NUL \0 and half a \ud83d${'x'.repeat(100_000)}` });
    expect(await bury(job)).toBe(1);
    const { rows } = await database.adminPool.query<{ detail: string }>(
      'select detail from hookledger.dead_letters where position = $1',
      [job.position],
    );
    expect(rows[0]?.detail).toMatch(/^Error: a NUL \ufffd and half a \ufffdx+$/);
    expect(rows[0]?.detail).toHaveLength(8_000);
  });
});

async function fingerprints(
  ...deaths: readonly Partial<Record<'queue' | 'type' | 'cause' | 'detail', string>>[]
): Promise<readonly string[]> {
  const { rows } = await database.adminPool.query<{ fingerprint: string }>(
    `select hookledger.dead_letter_fingerprint(queue, event_type, cause, detail) as fingerprint
     from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality d (queue, event_type, cause, detail, n)
     order by n`,
    [
      deaths.map(({ queue = 'notifications' }) => queue),
      deaths.map(({ type = 'NotificationRequested' }) => type),
      deaths.map(({ cause = 'attempts-exhausted' }) => cause),
      deaths.map(({ detail = 'Error: it fails' }) => detail),
    ],
  );
  return rows.map(({ fingerprint }) => fingerprint);
}

/** A text of one shape, whose holes are filled with whatever differs from job to job. */
const changing = fc.oneof(
  fc.uuid(),
  fc.nat().map(String),
  fc.tuple(fc.nat(), fc.nat(99)).map(([whole, cents]) => `${whole}.${cents}`),
  fc.nat().map((n) => `0x${n.toString(16)}`),
  fc.stringMatching(/^[0-9a-f]{8,40}$/),
  fc.stringMatching(/^(pi|evt|cus)_[0-9][A-Za-z0-9]{5,20}$/),
  fc.stringMatching(/^[^"\r\n]{0,20}$/).map((text) => `"${text}"`),
  fc.stringMatching(/^[a-z ]{0,20}$/).map((text) => `'${text}'`),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2099-01-01') }).map((date) => date.toISOString()),
  fc.ipV4().map((ip) => `${ip}:5432`),
  fc.stringMatching(/^[a-z]{1,8}@[a-z]{1,8}\.com$/),
);

describe('the fingerprint of a death', () => {
  test('is the same whatever numbers, ids, addresses and quoted strings the error names', async () => {
    const shape = (a: string, b: string) => `Error: no answer about ${a} from ${b} in time\n    at line ${a}`;
    const [expected] = await fingerprints({ detail: shape('1', '2') });
    await fc.assert(
      fc.asyncProperty(changing, changing, async (a, b) => {
        expect(await fingerprints({ detail: shape(a, b) })).toEqual([expected]);
      }),
      { numRuns: 300 },
    );
  });

  test('looks at the first line of the error only', async () => {
    const [plain, ...others] = await fingerprints(
      { detail: 'TypeError: it fails' },
      { detail: 'TypeError: it fails\n  at work (run-worker.ts:12:4)' },
      { detail: 'TypeError: it fails\r\nfor another reason' },
      { detail: 'TypeError:  it fails ' },
    );
    expect(others).toEqual([plain, plain, plain]);
  });

  test('differs by queue, event type, cause and the words of the error', async () => {
    const all = await fingerprints(
      {},
      { queue: 'integration-tasks' },
      { type: 'PaymentFailed' },
      { cause: 'unrecoverable' },
      { detail: 'Error: it fails for another reason' },
      { detail: "Error: it can't work since the customer's plan ended" },
      { detail: "Error: it can't work since the customer's card ended" },
      { detail: '' },
    );
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('partitions of dead letters', () => {
  const call = async (sql: string): Promise<unknown> =>
    (await database.pool.query<{ answer: unknown }>(`select ${sql} as answer`)).rows[0]?.answer;

  const days = async (): Promise<readonly string[]> => {
    const { rows } = await database.adminPool.query<{ day: string }>(
      `select (to_date(right(c.relname, 8), 'YYYYMMDD') - (clock_timestamp() at time zone 'UTC')::date)::text as day
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = 'hookledger.dead_letters'::regclass order by c.relname`,
    );
    return rows.map(({ day }) => day);
  };

  test('are made for a week ahead, and those of days that are over go whole', async () => {
    expect(await days()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    await database.adminPool.query('drop table hookledger.dead_letters_' + (await nameOfDay(7)));
    expect(await call('hookledger.ensure_partitions()')).toBe(1);
    expect(await call('hookledger.ensure_partitions()')).toBe(0);

    const { rows } = await database.adminPool.query<{ made: boolean }>(
      `select hookledger.ensure_dead_letter_partition((clock_timestamp() at time zone 'UTC')::date - n) as made
       from generate_series(1, 31) n`,
    );
    expect(rows.every(({ made }) => made)).toBe(true);
    const old = await death('call_old');
    await bury(old);
    await database.adminPool.query(
      `update hookledger.dead_letters set died_at = died_at - interval '31 days' where position = $1`,
      [old.position],
    );
    expect(await call('hookledger.drop_dead_letter_partitions(30)')).toBe(1);
    expect(await call('hookledger.drop_dead_letter_partitions(30)')).toBe(0);
    expect((await days())[0]).toBe('-30');
    expect(await stateOf(old)).toEqual([{ outcome: 'dead', generation: 0, letters: null }]);
  });

  test('are reached through their parent only, and never dropped by mistake', async () => {
    await expect(
      database.pool.query(`select from hookledger.dead_letters_${await nameOfDay(0)}`),
    ).rejects.toMatchObject({
      code: '42501',
    });
    await expect(call('hookledger.drop_dead_letter_partitions(0)')).rejects.toMatchObject({ code: '22023' });
    await expect(call('hookledger.drop_dead_letter_partitions(null)')).rejects.toMatchObject({ code: '22023' });
  });

  test('give way to whoever reads, instead of stopping every burial behind them', async () => {
    const reader = await database.adminPool.connect();
    await reader.query('begin; select count(*) from hookledger.dead_letters');
    await database.adminPool.query(
      `select hookledger.ensure_dead_letter_partition((clock_timestamp() at time zone 'UTC')::date - 40)`,
    );
    await expect(call('hookledger.drop_dead_letter_partitions(30)')).rejects.toMatchObject({ code: '55P03' });
    await reader.query('rollback');
    reader.release();
    expect(await call('hookledger.drop_dead_letter_partitions(30)')).toBe(1);
  });
});

async function nameOfDay(ahead: number): Promise<string> {
  const { rows } = await database.adminPool.query<{ name: string }>(
    `select to_char((clock_timestamp() at time zone 'UTC')::date + $1::integer, 'YYYYMMDD') as name`,
    [ahead],
  );
  return rows[0]?.name ?? '';
}
