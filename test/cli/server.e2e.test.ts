import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson, startServer } from './spawn-cli.ts';
import type { RunningServer } from './spawn-cli.ts';

const sentSchema = z.object({
  source_id: z.string(),
  id: z.string().nullable(),
  provider_event_id: z.string().nullable(),
  answers: z.array(z.object({ http_status: z.number(), outcome: z.string(), id: z.string().optional() })),
  follow: z.string(),
});
const storySchema = z.object({
  id: z.string(),
  status: z.string(),
  tenant_id: z.string(),
  duplicates: z.number(),
  jobs: z.array(z.object({ queue: z.string(), outcome: z.string().nullable() })),
  figures: z.array(z.object({ figure: z.string() })),
});

let setup: CliSetup;
let server: RunningServer;
let tenantId: string;

beforeAll(async () => {
  setup = await setUpCli();
  // Where there is no Redis, the queues are in PostgreSQL, and its owner has to make them ready.
  await runCliForJson(['migrate'], { ...setup.env, DATABASE_URL: setup.database.adminUrl });
  server = await startServer([], setup.env);
  ({ id: tenantId } = z.object({ id: z.string() }).parse(await json('tenants', 'create', 'Alder Dental')));
  const account = ['--provider', 'stripe', '--account', 'acct_1'];
  await json('sources', 'create', ...account, '--secret', 'whsec_one', '--mode', 'test');
  await json('mappings', 'add', ...account, '--external-id', 'cus_1', '--tenant', tenantId);
});

afterAll(async () => {
  await server.interrupt();
  await setup.close();
});

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

async function send(...args: string[]): Promise<z.infer<typeof sentSchema>> {
  return sentSchema.parse(await json('send', 'stripe', ...args));
}

/** Every look at it is a process of its own, so there is time enough between them. */
async function storyUntil(id: string, isTold: (story: z.infer<typeof storySchema>) => boolean) {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const story = storySchema.parse(await json('webhooks', 'show', id));
    if (isTold(story) || Date.now() > deadline) return story;
  }
}

test('a sample is accepted, belongs to the mapped tenant and becomes a figure', async () => {
  const sent = await send('invoice.paid');
  expect(sent).toMatchObject({
    answers: [{ http_status: 202, outcome: 'accepted', id: sent.id }],
    provider_event_id: expect.stringMatching(/^evt_/),
    follow: `npx hookledger webhooks show ${sent.id}`,
  });
  const story = await storyUntil(
    sent.id ?? '',
    ({ figures, jobs }) => figures.length > 0 && jobs.length > 2 && jobs.every(({ outcome }) => outcome === 'done'),
  );
  expect(story).toMatchObject({
    status: 'accepted',
    tenant_id: tenantId,
    duplicates: 0,
    figures: [{ figure: 'billed' }],
  });
  expect(story.jobs.map(({ queue }) => queue)).toContain('integration-tasks');

  const [byTheirs, latest] = await Promise.all([
    cli('webhooks', 'show', sent.provider_event_id ?? ''),
    cli('webhooks', 'show', 'latest'),
  ]);
  for (const { code, stdout } of [byTheirs, latest]) {
    expect(code).toBe(0);
    for (const part of [sent.id, 'signature verified', 'InvoicePaid', 'analytics-events', 'billed']) {
      expect(stdout).toContain(part);
    }
  }
});

test('a duplicate is told as one, and counted with the first', async () => {
  const { answers, id } = await send('payment_intent.succeeded', '--duplicate');
  expect(answers).toEqual([
    { http_status: 202, outcome: 'accepted', id },
    { http_status: 202, outcome: 'duplicate', id },
  ]);
  expect(await storyUntil(id ?? '', ({ duplicates }) => duplicates === 1)).toMatchObject({ duplicates: 1 });
});

test('a forged one is refused, which is what must happen, and is found among the rejections', async () => {
  const sent = await send('invoice.paid', '--forge');
  expect(sent).toMatchObject({ answers: [{ http_status: 401, outcome: 'signature_refused' }], id: null });
  expect(await json('rejections', 'list')).toContainEqual(
    expect.objectContaining({ source_id: sent.source_id, cause: 'wrong-signature' }),
  );
});

test('many are all different, and a file is sent as it is', async () => {
  const many = await send('charge.succeeded', '--count', '20');
  expect(new Set(many.answers.map(({ id }) => id)).size).toBe(20);
  const path = join(setup.env.HOOKLEDGER_DATA_DIR, 'event.json');
  writeFileSync(path, '{"not": "an event"}');
  const file = await send(path);
  expect(file.answers).toEqual([{ http_status: 202, outcome: 'unmapped', id: file.id }]);
  expect(await json('webhooks', 'list', '--status', 'unmapped')).toEqual([expect.objectContaining({ id: file.id })]);
});

test('a source that is not there is an error, not another source', async () => {
  expect(await cli('send', 'stripe', 'invoice.paid', '--source', 'src_nobody')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('src_nobody'),
  });
  expect(await cli('send', 'retell', 'call_ended')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('sources create --provider retell'),
  });
});

test('everything that lists answers with a list', async () => {
  const lists = [
    ['webhooks', 'list', '--limit', '5'],
    ['events', 'list', '--mode', 'test'],
    ['projections', 'list'],
    ['dead-letters', 'list'],
    ['conflicts', 'list', '--all'],
    ['rejections', 'list'],
  ];
  for (const words of lists) expect(await json(...words)).toBeInstanceOf(Array);
  const events = z.array(z.object({ event_id: z.string(), type: z.string() })).parse(await json('events', 'list'));
  expect(await json('events', 'show', events[0]?.event_id ?? '')).toMatchObject({ type: events[0]?.type });
});

test('what is not there ends as 1', async () => {
  const nobody = '019a7c52-0d5e-7c11-9d2f-2b8e3f6a1c04';
  const answers = await Promise.all([
    cli('webhooks', 'show', 'evt_nobody'),
    cli('events', 'show', nobody),
    cli('dead-letters', 'show', nobody),
  ]);
  for (const answer of answers)
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('error not_found') });
});

test('a running server that keeps up is healthy', async () => {
  const [status, relay] = await Promise.all([cli('status'), cli('relay', 'status')]);
  expect(status).toMatchObject({ code: 0, stderr: '' });
  expect(status.stdout).toContain('healthy');
  expect(status.stdout).toContain(server.url);
  expect(relay).toMatchObject({ code: 0, stdout: expect.stringContaining('16 of 16 shards') });
});

test('a sign-in link opens the console once', async () => {
  const { url } = z.object({ url: z.string() }).parse(await json('console', 'sign-in'));
  expect(url.startsWith(`${server.url}/console/sign-in?token=`)).toBe(true);
  const { stdout } = await cli('keys', 'create', '--role', 'finance', '--json');
  const { key } = z.object({ key: z.string() }).parse(JSON.parse(stdout));
  const events = await fetch(`${server.url}/v1/events?mode=test`, { headers: { authorization: `Bearer ${key}` } });
  expect(events.status).toBe(200);
});

test('a second server on the same directory is refused', async () => {
  expect(await cli('start')).toMatchObject({ code: 1, stderr: expect.stringContaining(server.url) });
});

test('Ctrl-C stops everything and ends as 0', async () => {
  const stopping = await server.interrupt();
  expect(stopping).toMatchObject({ code: 0, stderr: '' });
  expect(stopping.stdout).toMatch(/^DEVELOPMENT: data in .*\/$/m);
  expect(stopping.stdout).toContain('Stopped; the data stays.');
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
});
