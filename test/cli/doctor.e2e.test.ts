import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { eventually } from '../support/eventually.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson, startServer } from './spawn-cli.ts';
import type { RunningServer } from './spawn-cli.ts';

const SECRET = 'key_doctor';
const foundSchema = z.object({
  healthy: z.boolean(),
  alarms: z.array(z.object({ name: z.string(), text: z.string(), action: z.string() })),
});

let setup: CliSetup;
let server: RunningServer | undefined;

beforeAll(async () => {
  setup = await setUpCli();
  // Where there is no Redis, the queues are in PostgreSQL, and its owner has to make them ready.
  await runCliForJson(['migrate'], { ...setup.env, DATABASE_URL: setup.database.adminUrl });
});
afterAll(async () => {
  await server?.interrupt();
  await setup.close();
});

async function doctor() {
  const { code, stdout } = await runCli(['doctor', '--json'], setup.env);
  return { code, ...foundSchema.parse(JSON.parse(stdout)) };
}

async function metrics(): Promise<string> {
  return (await fetch(`${server?.url}/metrics`)).text();
}

test('where nothing runs, the doctor says what to start, and ends as 1', async () => {
  const found = await doctor();
  expect(found).toMatchObject({ code: 1, healthy: false });
  expect(found.alarms.map(({ name }) => name).toSorted()).toEqual(['mark-untracked', 'relay-shards']);
  const { code, stdout } = await runCli(['doctor'], setup.env);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^relay-shards +ALARM$/m);
  expect(stdout).toMatch(/^dead-letters +ok$/m);
  expect(stdout).toContain('Start a process with the role relay.');
});

test('where everything runs, it finds nothing, and ends as 0; the metrics tell the same', async () => {
  const started = await startServer([], setup.env);
  server = started;
  const source = ['--provider', 'retell', '--account', 'org_1', '--secret', SECRET, '--mode', 'test'];
  const { path } = z
    .object({ path: z.string() })
    .parse(await runCliForJson(['sources', 'create', ...source], setup.env));
  const body = Buffer.from(JSON.stringify(retellSample('chat_started', { key: 'one' })));
  const headers = signWebhook('retell', body, SECRET, Date.now());
  const answer = await fetch(`${started.url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
  expect(answer.status).toBe(202);

  await eventually(async () => expect(await doctor()).toEqual({ code: 0, healthy: true, alarms: [] }));
  await eventually(async () =>
    expect((await metrics()).split('\n')).toEqual(
      expect.arrayContaining([
        'hookledger_webhooks_total{provider="retell",outcome="unassigned"} 1',
        'hookledger_webhook_batch_size_count 1',
        'hookledger_request_duration_seconds_count{route="webhooks",status="2xx"} 1',
        'hookledger_relay_rows_published_total{queue="ingress-events"} 1',
        'hookledger_jobs_total{queue="ingress-events",outcome="done"} 1',
        'hookledger_job_duration_seconds_count{queue="ingress-events"} 1',
        'hookledger_readings_up 1',
        'hookledger_alarm{alarm="relay-shards"} 0',
        'hookledger_alarm{alarm="mark-untracked"} 0',
        'hookledger_relay_shards_unheld 0',
        'hookledger_queue_jobs{queue="notifications",state="waiting"} 0',
        'hookledger_projection_lag_seconds{projection="usage"} 0',
      ]),
    ),
  );
  expect(await metrics()).not.toMatch(/tenant|whsec|key_doctor/);
});

test('a job that died is an alarm, by its words and in the metrics', async () => {
  await setup.database.adminPool.query(
    `select set_config('hookledger.tenant', '*', false), hookledger.bury_jobs(json_build_array(json_build_object(
       'position', 1000, 'queue', 'notifications', 'replay_id', 'live', 'generation', 0, 'tenant_id', 'unassigned',
       'event_id', gen_random_uuid(), 'event_type', 'CallStarted', 'cause', 'unrecoverable', 'detail', 'x',
       'attempts', 1)))`,
  );
  expect(await doctor()).toMatchObject({
    code: 1,
    alarms: [
      {
        name: 'dead-letters',
        text: '1 jobs ended without success within a day.',
        action: expect.stringContaining('hookledger dead-letters list'),
      },
    ],
  });
  expect(await runCli(['status'], setup.env)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('1 jobs ended without success within a day.'),
  });
  await eventually(async () => expect(await metrics()).toContain('hookledger_alarm{alarm="dead-letters"} 1'));
});
