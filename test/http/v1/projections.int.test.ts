import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startApi } from './api.ts';
import type { Api } from './api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
  await api.database.adminPool.query(
    `insert into hookledger.projections (name, version, fold_version, state, stage, target, started_at, started_by, reason)
     values ('usage', 2, 2, 'building', 'folding', 5000, now() - interval '10 seconds', 'ada', 'a test');
     insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to, events, expected_events)
     values ('usage', 2, 0, 32767, 150, 200), ('usage', 2, 32768, 65535, 50, 200)`,
  );
});
afterAll(() => api.close());

test('lists every version with how far it is, and a rebuild with its rate and what is left', async () => {
  const { status, body } = await api.get('/v1/projections', 'engineer');
  expect(status).toBe(200);
  const { data } = body as { data: { name: string; version: number; rebuild: unknown }[] };
  expect(data.map(({ name, version }) => `${name} ${version}`)).toEqual([
    'calls 1',
    'invoices 1',
    'payments 1',
    'payouts 1',
    'usage 1',
    'usage 2',
  ]);
  expect(data[4]).toMatchObject({ state: 'active', fold_version: 1, rebuild: null, verified: null, keep_until: null });
  expect(data[5]).toMatchObject({
    state: 'building',
    fold_version: 2,
    rebuild: { stage: 'folding', events: '200', expected_events: '400', started_by: 'ada', reason: 'a test' },
  });
  // By the clock of the database, some ten seconds after it was begun.
  expect(data[5]?.rebuild).toMatchObject({ events_per_second: expect.any(Number), seconds_left: expect.any(Number) });
});

test('is for those who run the machinery, and nobody of a tenant', async () => {
  expect(await api.get('/v1/projections', 'finance')).toMatchObject({ status: 403 });
  expect(await api.get('/v1/projections', 'engineer@tnt_b')).toMatchObject({ status: 403 });
  expect(await api.get('/v1/projections?x=1', 'engineer')).toMatchObject({ status: 400 });
});
