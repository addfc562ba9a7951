import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Death } from '../../../src/event-store/bury-jobs.ts';
import { killJobs } from '../../support/dead-jobs.ts';
import { startApi } from './api.ts';
import type { Api, Row } from './api.ts';

let api: Api;
let deaths: readonly Death[];
beforeAll(async () => {
  api = await startApi();
  await api.database.adminPool.query(`select setval('hookledger.position_seq', 1000)`);
  await api.database.adminPool.query('delete from hookledger.dead_letters');
  deaths = await killJobs(api.database, [
    { call: 'one', tenantId: 'tnt_a' },
    { call: 'two', tenantId: 'tnt_a' },
    { call: 'three', tenantId: 'tnt_b' },
    { call: 'four', tenantId: 'tnt_b', cause: 'unrecoverable', detail: 'Error: no template' },
  ]);
});
afterAll(() => api.close());

const PATH = '/v1/dead-letters';
const idOf = (index: number): string => deaths[index]?.eventId ?? '';
const answer = z.object({ status: z.literal(200), body: z.object({ data: z.record(z.string(), z.unknown()) }) });

async function redrive(body: Record<string, unknown>): Promise<Record<string, unknown>> {
  return answer.parse(await api.post(`${PATH}/redrive`, { reason: 'mended', rate: 1_000, ...body }, 'ops')).body.data;
}

async function pagesOf(path: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (let next: string | null = ''; next !== null;) {
    const { data, page } = await api.list(`${path}${next === '' ? '' : `&cursor=${next}`}`, 'ops');
    rows.push(...data);
    next = page.next_cursor;
  }
  return rows;
}

async function redriven(): Promise<readonly unknown[]> {
  const { rows } = await api.database.adminPool.query<{ data: unknown }>(
    `select data from hookledger.events where type = 'JobRedriven' order by position`,
  );
  return rows.map(({ data }) => data);
}

describe('GET /v1/dead-letters', () => {
  test('lists letters, newest first, page by page', async () => {
    const all = await pagesOf(`${PATH}?limit=1`);
    expect(all.map((row) => row.event_id)).toEqual([idOf(3), idOf(2), idOf(1), idOf(0)]);
    expect(all[0]).toEqual({
      event_id: idOf(3),
      event_type: 'CallStarted',
      position: deaths[3]?.position,
      queue: 'ingress-events',
      replay_id: 'live',
      generation: 0,
      newest_generation: 0,
      tenant_id: 'tnt_b',
      cause: 'unrecoverable',
      detail: 'Error: no template',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      attempts: 2,
      died_at: expect.any(String),
      state: 'open',
      links: {
        dead_letters: `${PATH}/${idOf(3)}`,
        event: `/v1/events/${idOf(3)}`,
        group: expect.stringMatching(/^\/v1\/dead-letters\?fingerprint=[0-9a-f]{16}$/),
      },
    });
  });

  test('groups them by what killed them, page by page, and each group leads to its letters', async () => {
    const groups = await pagesOf(`${PATH}?group_by=fingerprint&limit=1`);
    expect(groups).toHaveLength(2);
    const [big] = groups.filter(({ cause }) => cause === 'attempts-exhausted');
    expect(big).toMatchObject({ letters: 3, open: 3, redriven: 0, done: 0, tenants: 2 });
    expect((await api.list(big?.links['letters'] ?? '', 'engineer')).data).toHaveLength(3);
  });

  test.each([
    ['tenant_id=tnt_a', [1, 0]],
    ['cause=unrecoverable,expired', [3]],
    ['queue=notifications', []],
    ['state=open&tenant_id=tnt_b', [3, 2]],
    ['state=done', []],
    ['to=2026-01-01T00:00:00Z', []],
  ] as const)('filters by %s', async (query, indexes) => {
    const { data } = await api.list(`${PATH}?${query}`, 'ops');
    expect(data.map((row) => row.event_id)).toEqual(indexes.map(idOf));
  });

  test('shows one event’s letters with their tries', async () => {
    expect(await api.one(`${PATH}/${idOf(0)}`, 'engineer')).toMatchObject({
      event_id: idOf(0),
      letters: [
        {
          state: 'open',
          tries: [
            { attempt: 1, outcome: 'retry' },
            { attempt: 2, outcome: 'dead' },
          ],
        },
      ],
      links: { event: `/v1/events/${idOf(0)}`, webhook: null },
    });
    for (const id of ['nonsense', '01900000-0000-7000-8000-000000000000']) {
      expect(await api.get(`${PATH}/${id}`)).toMatchObject({ status: 404 });
    }
  });
});

describe('POST /v1/dead-letters/redrive', () => {
  test('says what it would do, then does it once and answers counts', async () => {
    const filter = { cause: 'attempts-exhausted', tenant_id: ['tnt_a', 'tnt_b'] };
    expect(await redrive({ filter, dry_run: true })).toMatchObject({
      dry_run: true,
      matched: 3,
      would_be: 3,
      redriven: 0,
    });
    expect(await redriven()).toEqual([]);
    expect(await redrive({ filter: { event_id: idOf(0) }, by: 'Ada' })).toMatchObject({
      redriven: 1,
      left: 0,
      next: null,
    });
    expect(await redriven()).toEqual([
      {
        by: 'Ada (ops, key_ops)',
        reason: 'mended',
        jobs: [{ position: deaths[0]?.position, queue: 'ingress-events', replayId: 'live', generation: 1 }],
      },
    ]);
    expect(await redrive({ filter })).toEqual({
      dry_run: false,
      matched: 3,
      would_be: 2,
      redriven: 2,
      skipped: { redriven: 1, died_again: 0, done: 0, ended: 0, lost: 0 },
      left: 0,
      next: null,
    });
    expect(await redrive({ filter })).toMatchObject({ redriven: 0, skipped: { redriven: 3 } });
  });

  test('is for engineers, ops and admins of the platform', async () => {
    const body = { filter: {}, reason: 'mended' };
    for (const [key, status] of [
      ['', 401],
      ['finance', 403],
      ['admin@tnt_a', 403],
      ['ops@tnt_a', 403],
    ] as const) {
      expect(await api.post(`${PATH}/redrive`, body, key)).toMatchObject({ status });
      expect(await api.get(PATH, key)).toMatchObject({ status });
      expect(await api.get(`${PATH}/${idOf(0)}`, key)).toMatchObject({ status });
    }
    expect((await api.list(`${PATH}?state=open`, 'ops')).data).toHaveLength(1);
  });

  test.each([
    ['no JSON', 'bad_request', undefined],
    [{ reason: 'x' }, 'bad_parameter', 'filter'],
    [{ filter: {} }, 'bad_parameter', 'reason'],
    [{ filter: {}, reason: ' ' }, 'bad_parameter', 'reason'],
    [{ filter: {}, reason: 'x', rate: 0 }, 'bad_parameter', 'rate'],
    [{ filter: { queue: 'letters' }, reason: 'x' }, 'bad_parameter', 'filter.queue'],
    [{ filter: { colour: 'red' }, reason: 'x' }, 'bad_parameter', 'filter.colour'],
    [{ filter: {}, reason: 'x', everything: true }, 'bad_parameter', 'everything'],
  ])('%j is a problem that names what is wrong', async (body, code, parameter) => {
    const { status, body: problem } = await api.post(`${PATH}/redrive`, body, 'ops');
    expect({ status, problem }).toMatchObject({ status: 400, problem: { code } });
    if (parameter !== undefined) expect(problem).toMatchObject({ parameter });
  });

  test.each([
    [`${PATH}?group_by=tenant`, 'group_by'],
    [`${PATH}?state=alive`, 'state'],
    [`${PATH}?queue=letters`, 'queue'],
    [`${PATH}?cursor=nonsense`, 'cursor'],
  ])('%s is a problem that names %s', async (path, parameter) => {
    expect(await api.get(path)).toMatchObject({ status: 400, body: { code: 'bad_parameter', parameter } });
  });
});
