import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';
import { QUEUES } from '../../src/domain/queues.ts';
import { prepareBullmqPostgres } from '../../src/transports/prepare-bullmq-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson, spawnServer, startServer } from './spawn-cli.ts';

const SECRET = 'key_no_redis';
const WORK = ['--roles', 'relay,worker,projector'];

let setup: CliSetup;
let env: Record<string, string>;
beforeAll(async () => {
  setup = await setUpCli();
  await prepareBullmqPostgres(setup.database.adminUrl, { grantTo: 'hookledger_app', queues: QUEUES });
  // No time to wait: a start that waits for Redis fails.
  env = { ...setup.env, NODE_ENV: 'production', REDIS_URL: 'redis://127.0.0.1:1', START_WAIT_SECONDS: '0' };
});
afterAll(() => setup.close());

const notStarted = {
  code: 1,
  stderr: expect.stringMatching(/server_unreachable.*Redis at 127\.0\.0\.1:1 did not answer/),
};

test('processes without the role api need Redis while it carries the queues', async () => {
  expect(await runCli(['start', ...WORK], env)).toMatchObject(notStarted);
});

test('once an operator has the queues on PostgreSQL they start without Redis, and work', async () => {
  const source = ['--provider', 'retell', '--account', 'org_1', '--secret', SECRET, '--mode', 'test'];
  const { path } = z.object({ path: z.string() }).parse(await runCliForJson(['sources', 'create', ...source], env));
  await runCliForJson(['relay', 'transport', 'use', 'postgres', '--reason', 'Redis is gone', '--yes'], env);

  const workers = spawnServer(WORK, env);
  expect(JSON.parse(await workers.line(/starting without a server/))).toMatchObject({
    level: 'warn',
    server: expect.stringContaining('Redis at 127.0.0.1:1'),
  });
  await workers.line(/"started"/);
  const api = await startServer(['--roles', 'api'], env);
  const body = Buffer.from(JSON.stringify(retellSample('call_analyzed', { key: 'without redis' })));
  const headers = signWebhook('retell', body, SECRET, Date.now());
  const sent = await fetch(`${api.url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
  expect(sent.status).toBe(202);

  await eventually(async () => {
    const { rows } = await setup.database.adminPool.query(
      `select count(*) > 0 as "hasJobs", bool_and(i.outcome is not distinct from 'done') as "areDone"
       from hookledger.outbox o
       left join hookledger.inbox i on i.position = o.target_position and i.queue = o.queue and i.replay_id = o.replay_id`,
    );
    expect(rows).toEqual([{ hasJobs: true, areDone: true }]);
  });
  expect((await api.interrupt()).code).toBe(0);
  workers.signal('SIGTERM');
  expect(await workers.ended).toMatchObject({ code: 0, stderr: '' });
});

test('they need it again when it carries the queues again', async () => {
  await setup.database.adminPool.query(
    `insert into hookledger.transport_switches (epoch, transport, switched_by, reason)
     select max(epoch) + 1, 'redis', 'ada', 'Redis was back for a while' from hookledger.transport_switches`,
  );
  expect(await runCli(['start', ...WORK], env)).toMatchObject(notStarted);
});

test('a database that is not ours yet says nothing of the queues, and Redis is named as what is missing', async () => {
  await setup.database.adminPool.query('drop schema hookledger cascade');
  expect(await runCli(['start', ...WORK], env)).toMatchObject(notStarted);
});
