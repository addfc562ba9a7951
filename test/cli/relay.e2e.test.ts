import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { QUEUES } from '../../src/domain/queues.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createOutboxRelay } from '../../src/relay/outbox-relay.ts';
import { createBullmqTransport } from '../../src/transports/bullmq.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { webhookRecord } from '../support/webhook-record.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

const logger = createLogger({ level: 'silent' });
const LOST = 3;

let setup: CliSetup;

/** Published jobs, some of which the queues in PostgreSQL have lost. */
beforeAll(async () => {
  setup = await setUpCli();
  const { database } = setup;
  await prepareBullmqPostgres(database.adminUrl, { grantTo: 'hookledger_app', queues: QUEUES });
  await recordWebhooks(database.pool, [webhookRecord({ key: 'evt_1', calls: ['a', 'b', 'c', 'd', 'e'] })]);
  const deps = { pool: database.pool, logger, owner: 'test' };
  const tracker = createHighWaterMarkTracker(deps);
  await tracker.tick();
  await tracker.close();
  const transport = createBullmqTransport({ backend: { kind: 'postgres', url: database.appUrl }, logger });
  const relay = createOutboxRelay({ ...deps, transport, queues: QUEUES });
  expect(await relay.tick()).toBe(5);
  await relay.close();
  await transport.close();
  await database.adminPool.query(
    `delete from bullmq.job where id in (select id from bullmq.job order by id limit ${LOST})`,
  );
});
afterAll(() => setup.close());

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

test('lost jobs are told, and published once more when a reason is given, once', async () => {
  const lost = { looked_at: 5, held: 2, settled: 0, republished: { 'ingress-events': LOST } };
  const [dry, noReason, nobody] = await Promise.all([
    json('relay', 'reconcile', '--dry-run'),
    cli('relay', 'reconcile', '--yes'),
    cli('relay', 'reconcile', '--reason', 'a test', '--by', 'ada'),
  ]);
  expect(dry).toEqual({ dry_run: true, ...lost });
  expect(noReason).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason is missing.') });
  expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('Publish 3 jobs once more.') });

  const reconcile = ['relay', 'reconcile', '--reason', 'a test', '--by', 'ada', '--yes'];
  expect(await json(...reconcile)).toEqual({ dry_run: false, ...lost });
  expect(await json(...reconcile)).toMatchObject({ looked_at: 2, held: 2, republished: {} });
  const { rows } = await setup.database.adminPool.query(
    `select data ->> 'by' as by, data ->> 'reason' as reason, jsonb_array_length(data -> 'jobs') as jobs
     from hookledger.events where type = 'JobRepublished'`,
  );
  expect(rows).toEqual([{ by: 'ada', reason: 'a test', jobs: LOST }]);
  const text = await cli('relay', 'reconcile', '--dry-run');
  expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('None is lost.') });
});

test('production does not look for jobs without knowing where they are', async () => {
  const result = await runCli(['relay', 'reconcile', '--dry-run'], { ...setup.env, NODE_ENV: 'production' });
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('REDIS_URL') });
});

test('the transport in force is shown; one that is not there or does not answer is not switched to', async () => {
  const [shown, text, noRedis, deadRedis, odd, noReason] = await Promise.all([
    json('relay', 'transport'),
    cli('relay', 'transport', 'show'),
    cli('relay', 'transport', 'use', 'redis', '--reason', 'a test', '--yes'),
    runCli(['relay', 'transport', 'use', 'postgres', '--dry-run', '--json'], {
      ...setup.env,
      REDIS_URL: 'redis://127.0.0.1:1',
    }),
    cli('relay', 'transport', 'use', 'rabbit', '--reason', 'a test'),
    runCli(['relay', 'transport', 'use', 'postgres', '--yes'], { ...setup.env, REDIS_URL: 'redis://127.0.0.1:1' }),
  ]);
  expect(shown).toEqual({ in_force: 'postgres', epoch: '0', transports: { postgres: true }, switches: [] });
  expect(text).toMatchObject({ code: 0, stdout: expect.stringContaining('not configured here') });
  expect(noRedis).toMatchObject({ code: 1, stderr: expect.stringContaining('transport_not_configured') });
  expect(JSON.parse(deadRedis.stdout)).toEqual({ switched: false, in_force: 'redis', epoch: '0' });
  expect(odd).toMatchObject({ code: 2, stderr: expect.stringContaining('redis, postgres') });
  expect(noReason).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason is missing.') });
});
