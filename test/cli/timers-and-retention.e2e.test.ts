import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { armTimers } from '../../src/event-store/timers.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { createIngestBench } from '../support/ingest-bench.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { timer } from '../support/timer.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
let webhookId: string;

beforeAll(async () => {
  setup = await setUpCli();
  const bench = await createIngestBench(setup.database);
  await bench.map('stripe', 'cus_bench');
  const result = await bench.receive('stripe', stripeSample('invoice.paid', { customerId: 'cus_bench' }) ?? {});
  webhookId = result.kind === 'recorded' ? result.webhookId : '';
  await bench.close();
  await setup.database.adminPool.query(`update hookledger.webhooks set received_at = received_at - interval '10 days'`);
  await withTransaction(setup.database.pool, { tenant: '*' }, (tx) =>
    armTimers(tx, [
      timer('reminder/1', { due: { inMs: 7_200_500 } }),
      timer('reminder/0', { due: { at: new Date(Date.now() - 300_000) } }),
    ]),
  );
});
afterAll(() => setup.close());

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

test('timers are listed in the order in which they are due, and one that should have fired is a problem', async () => {
  const listed = await cli('timers', 'list', '--json');
  expect(listed.code).toBe(1);
  expect(JSON.parse(listed.stdout)).toMatchObject({
    armed: 2,
    overdue: 1,
    is_fired: false,
    timers: [
      { key: 'reminder/0', task: 'remind', stream_key: 'call/retell/org_1/test/call_reminder%2F0' },
      { key: 'reminder/1', overdue_seconds: expect.any(Number) },
    ],
  });
  const text = await cli('timers', 'list');
  expect(text.stdout).toMatch(/overdue by 5 min/);
  expect(text.stdout).toMatch(/in 2 h|in 1\d\d min/);
  expect(text.stdout).toContain('2 armed, 1 of them overdue.');
  expect(text.stdout).toContain('No process fires them');
  const overdue = await cli('timers', 'list', '--overdue');
  expect(overdue.stdout).not.toContain('reminder/1');
});

test('retention says what would go and what holds the rest, and a dry run does nothing', async () => {
  const env = { ...setup.env, WEBHOOK_BODY_DAYS: '7' };
  const dry = await runCli(['retention', 'run', '--dry-run'], env);
  expect(dry).toMatchObject({ code: 0, stderr: '' });
  expect(dry.stdout).toContain('held: in-use');
  expect(dry.stdout).toContain('Bodies of webhooks that would go, older than 7 days: 1.');
  const shown = await cli('webhooks', 'show', webhookId, '--body');
  expect(shown.stdout).toContain('"invoice.paid"');

  expect(await json('retention', 'run')).toMatchObject({
    dry_run: false,
    days: { job_days: 30, dead_letter_days: 30 },
    partitions: [
      { partition: 0, from_position: '0', to_position: '10000000', state: 'in-use' },
      { partition: 1, state: 'in-use' },
      { partition: 2, state: 'in-use' },
    ],
    webhook_bodies: 0,
  });
  expect(await runCliForJson(['retention', 'run'], env)).toMatchObject({ webhook_bodies: 1, late_rows: 0, intents: 0 });
});

test('a body that is erased says when, and not that it is empty', async () => {
  const [shown, told] = await Promise.all([
    cli('webhooks', 'show', webhookId, '--body'),
    json('webhooks', 'show', webhookId, '--body'),
  ]);
  expect(shown.stdout).toMatch(/body and headers erased on 20\d\d-/);
  expect(shown.stdout).not.toMatch(/0 bytes/);
  expect(told).toMatchObject({ request: { body_erased_at: expect.any(String) } });
});
