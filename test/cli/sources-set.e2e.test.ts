import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { eventually } from '../support/eventually.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson, startServer } from './spawn-cli.ts';
import type { RunningServer } from './spawn-cli.ts';

const SETTINGS = {
  header: 'X-Acme-Signature',
  pattern: '^t=(?<timestamp>\\d+),v1=(?<signature>[0-9a-f]+)$',
  signedContent: '{timestamp}.{body}',
  algorithm: 'hmac-sha256',
  idPath: '/id',
  accountIdPaths: ['/account/id'],
};
/** Over the headers, too, that come with every request; and what it is about in headers. */
const OTHER_SETTINGS = {
  header: 'X-Hub-Signature-256',
  pattern: '^sha256=(?<signature>[0-9a-f]{64})$',
  signedContent: '{header:Host} {header:Content-Length} {header:Content-Type} {body}',
  algorithm: 'hmac-sha256',
  idPath: 'header:X-GitHub-Delivery',
  typePath: 'header:X-GitHub-Event',
  accountIdPaths: ['/installation/id'],
};

const sentSchema = z.object({
  id: z.string().nullable(),
  answers: z.array(z.object({ http_status: z.number(), outcome: z.string(), id: z.string().optional() })),
});
const storySchema = z.object({ status: z.string(), provider_type: z.string(), tenant_id: z.string().nullable() });

let setup: CliSetup;
let server: RunningServer;
let sourceId: string;
let tenantId: string;

beforeAll(async () => {
  setup = await setUpCli();
  await runCliForJson(['migrate'], { ...setup.env, DATABASE_URL: setup.database.adminUrl });
  server = await startServer([], setup.env);
  const id = z.object({ id: z.string() });
  ({ id: tenantId } = id.parse(await json('tenants', 'create', 'Alder Dental')));
  const account = ['--provider', 'custom', '--account', 'acme'];
  const source = [...account, '--mode', 'test', '--secret', 'a secret', '--settings', JSON.stringify(SETTINGS)];
  ({ id: sourceId } = id.parse(await json('sources', 'create', ...source)));
  await json('mappings', 'add', ...account, '--external-id', 'acc_1', '--tenant', tenantId);
});

afterAll(async () => {
  await server.interrupt();
  await setup.close();
});

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);
const send = async (...args: string[]) => sentSchema.parse(await json('send', 'custom', 'contact.created', ...args));
const storyOf = async (id: string | null) => storySchema.parse(await json('webhooks', 'show', id ?? ''));

async function expectRightAnswers(): Promise<void> {
  const { id, answers } = await send('--duplicate');
  expect(answers.map(({ http_status, outcome }) => ({ http_status, outcome }))).toEqual([
    { http_status: 202, outcome: 'accepted' },
    { http_status: 202, outcome: 'duplicate' },
  ]);
  expect(await storyOf(id)).toMatchObject({
    status: 'accepted',
    provider_type: 'contact.created',
    tenant_id: tenantId,
  });
  expect(await send('--forge')).toMatchObject({ answers: [{ http_status: 401, outcome: 'signature_refused' }] });
}

test('a running server signs and reads by the settings of a source, and by other ones within a second', async () => {
  await expectRightAnswers();

  const changed = await json('sources', 'set', sourceId, '--settings', JSON.stringify(OTHER_SETTINGS));
  expect(changed).toEqual({
    id: sourceId,
    changes: [{ field: 'settings', before: SETTINGS, after: OTHER_SETTINGS }],
  });
  await eventually(async () => expect((await send()).id).not.toBeNull());
  await expectRightAnswers();
});

test('a file is sent as it is, signed as the source says', async () => {
  const sent = sentSchema.parse(await json('send', 'custom', 'package.json'));
  expect(sent.answers).toMatchObject([{ http_status: 202, outcome: 'unmapped' }]);
});

test('what is changed is told, before and after, without a secret; the same once more changes nothing', async () => {
  const words = ['sources', 'set', sourceId, '--tenant', tenantId, '--public-url', 'https://hooks.example.com'];
  const first = await cli(...words);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('public_url: none → https://hooks.example.com\n');
  expect(first.stdout).toContain(`default_tenant_id: none → ${tenantId}\n`);
  expect(first.stdout).not.toContain('a secret');
  expect((await cli(...words)).stdout).toBe(`${sourceId} was like that already; nothing changed.\n`);
  expect(await json('sources', 'set', sourceId, '--public-url', '')).toMatchObject({
    changes: [{ field: 'public_url', before: 'https://hooks.example.com', after: null }],
  });
});

test('what cannot be set is refused and named, and nothing changes', async () => {
  const before = await json('sources', 'list');
  const [nobody, faulty, noJson, nothing, stranger] = await Promise.all([
    cli('sources', 'set', 'src_nobody', '--tenant', tenantId),
    cli('sources', 'set', sourceId, '--settings', '{"header":"X-Sig","pattern":"(a+)+","algorithm":"hmac-sha256"}'),
    cli('sources', 'set', sourceId, '--settings', 'header=X-Sig'),
    cli('sources', 'set', sourceId),
    cli('sources', 'set', sourceId, '--tenant', 'tnt_nobody'),
  ]);
  expect(nobody).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('no source src_nobody') });
  expect(faulty).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('begin with ^ and end with $') });
  expect(noJson).toMatchObject({ code: 2, stderr: expect.stringContaining('--settings is one JSON object') });
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('needs what to set') });
  expect(stranger).toMatchObject({ code: 1, stderr: expect.stringContaining('tnt_nobody') });
  expect(await json('sources', 'list')).toEqual(before);
});
