import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
let tenantId: string;
const directory = createTemporaryDirectory();

beforeAll(async () => {
  setup = await setUpCli();
  ({ id: tenantId } = z.strictObject({ id: z.string() }).parse(await json('tenants', 'create', 'Alder Dental')));
});

afterAll(async () => {
  directory.remove();
  await setup.close();
});

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

test('tenants create answers exactly {"id"}, and the tenant is listed', async () => {
  expect(tenantId).toMatch(/^tnt_/);
  expect(await json('tenants', 'list')).toContainEqual(expect.objectContaining({ id: tenantId, name: 'Alder Dental' }));
});

test('a name that is taken ends as 1, an impossible one as 2', async () => {
  const [taken, empty] = await Promise.all([
    cli('tenants', 'create', 'Alder Dental'),
    cli('tenants', 'create', '', '--json'),
  ]);
  expect(taken).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('error tenant_name_taken') });
  expect(empty).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(empty.stderr)).toMatchObject({ error: { code: 'invalid_command' } });
});

test('sources create answers exactly {"id", "path"}, and no secret is ever shown', async () => {
  const account = ['--provider', 'stripe', '--account', 'acct_1', '--mode', 'test', '--books', 'platform'];
  const secrets = ['--secret', 'whsec_one', '--secret', 'whsec_two'];
  const address = ['--public-url', 'https://hooks.example.com', '--public-key', 'pk'];
  const created = await json('sources', 'create', ...account, ...secrets, ...address, '--tenant', tenantId);
  const { id, path } = z.strictObject({ id: z.string(), path: z.string() }).parse(created);
  expect(path).toBe(`/webhooks/stripe/${id}`);
  const listed = await cli('sources', 'list', '--json');
  expect(JSON.parse(listed.stdout)).toEqual([
    expect.objectContaining({ id, path, mode: 'test', live_secrets: 2, default_tenant_id: tenantId }),
  ]);
  expect(listed.stdout).not.toContain('whsec_');

  const rotated = await cli('sources', 'rotate-secret', id, '--secret', 'whsec_three', '--end-previous');
  expect(rotated).toMatchObject({ code: 0, stderr: '' });
  expect(rotated.stdout).not.toContain('whsec_');
  expect(await json('sources', 'list')).toEqual([expect.objectContaining({ id, live_secrets: 1 })]);
});

test('a source is live and of the platform when nothing else is said; a third secret is refused', async () => {
  const source = ['sources', 'create', '--provider', 'retell', '--account', 'org_1'];
  const [tooMany, created] = await Promise.all([
    cli(...source, '--secret', 'a', '--secret', 'b', '--secret', 'c'),
    json(...source, '--secret', 'key_a'),
  ]);
  expect(tooMany).toMatchObject({ code: 2, stdout: '' });
  expect(created).toEqual({ id: expect.any(String), path: expect.any(String) });
  expect(await json('sources', 'list')).toContainEqual(
    expect.objectContaining({ provider: 'retell', mode: 'live', books: 'platform' }),
  );
});

test('settings that the provider does not know are refused before anything is made, and named', async () => {
  const source = ['sources', 'create', '--provider', 'custom', '--account', 'crm'];
  const refused = await cli(...source, '--settings', '{"header":"X-Sig","pattern":"(a+)+","algorithm":"hmac-sha256"}');
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('does not begin with ^ and end with $');
  expect(await json('sources', 'list')).not.toContainEqual(expect.objectContaining({ provider: 'custom' }));
});

test('mappings add takes a repetition for what it is, and refuses another tenant', async () => {
  const mapping = ['mappings', 'add', '--provider', 'stripe', '--account', 'acct_1', '--external-id', 'cus_1'];
  expect(await json(...mapping, '--tenant', tenantId)).toEqual({ added: true });
  const [again, nobody, missing] = await Promise.all([
    json(...mapping, '--tenant', tenantId),
    cli(...mapping, '--tenant', 'tnt_nobody'),
    cli(...mapping),
  ]);
  expect(again).toEqual({ added: false });
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('tnt_nobody') });
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('--tenant is missing.') });
  expect(await json('mappings', 'list', '--tenant', tenantId)).toEqual([
    expect.objectContaining({ external_id: 'cus_1', tenant_id: tenantId, valid_from: null, valid_to: null }),
  ]);
});

test('keys create answers the key once; revoked, it stays listed', async () => {
  const created = await json('keys', 'create', '--role', 'finance', '--tenant', tenantId);
  const { id, key } = z.object({ id: z.string(), key: z.string() }).parse(created);
  expect(key).toMatch(/^hl_finance_/);
  expect(await cli('keys', 'revoke', id)).toMatchObject({ code: 0 });
  const listed = await cli('keys', 'list', '--json');
  expect(listed.stdout).not.toContain(key);
  expect(JSON.parse(listed.stdout)).toEqual([
    expect.objectContaining({ id, role: 'finance', tenant_id: tenantId, revoked_at: expect.any(String) }),
  ]);
});

test('price plans are defined, assigned and listed', async () => {
  const define = [
    'plans',
    'define',
    'starter',
    '--currency',
    'USD',
    '--flat',
    '49',
    '--per-unit',
    'call_seconds=0.0025',
  ];
  expect(await json(...define, '--markup', '25', '--markup', 'retell=40')).toEqual({ defined: true });
  const assign = ['plans', 'assign', 'starter', '--tenant', tenantId, '--from', '2026-11-01T00:00:00Z'];
  expect(await json(...assign)).toMatchObject({ assigned: true });
  const [again, changed, nothing, notADecimal] = await Promise.all([
    json(...assign),
    cli(...define),
    cli('plans', 'define', 'empty', '--currency', 'USD'),
    cli('plans', 'define', 'odd', '--currency', 'USD', '--flat', '1e3'),
  ]);
  expect(again).toMatchObject({ assigned: false });
  expect(changed).toMatchObject({ code: 1, stderr: expect.stringContaining('price_plan_immutable') });
  expect(nothing.code).toBe(2);
  expect(notADecimal).toMatchObject({ code: 2, stderr: expect.stringContaining('decimal') });
  expect(await json('plans', 'list')).toEqual([
    expect.objectContaining({
      plan_id: 'starter',
      components: [
        { kind: 'flat', amount: '49' },
        { kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0025' },
        { kind: 'markup', percent: '25' },
        { kind: 'markup', provider: 'retell', percent: '40' },
      ],
      assignments: [
        { tenant_id: tenantId, valid_from: expect.stringContaining('2026-11-01T00:00:00'), reprice: false },
      ],
    }),
  ]);
  expect(await json(...assign, '--reprice')).toMatchObject({ assigned: true });
  expect(await json(...assign, '--reprice')).toMatchObject({ assigned: false });
});

test('a plan of tiers is defined from a file, whose mistakes are named', async () => {
  const path = join(directory.path, 'plan.json');
  const components = [
    {
      kind: 'graduated',
      meter: 'call_seconds',
      direction: 'outbound',
      tiers: [
        { upTo: '60000', unitPrice: '0.002' },
        { upTo: null, unitPrice: '0.0015' },
      ],
    },
    { kind: 'minimum', amount: '100' },
  ];
  const write = (plan: unknown) => writeFileSync(path, JSON.stringify(plan));
  const define = ['plans', 'define', 'tiers', '--file', path];
  write({ currency: 'USD', components: [{ ...components[0], tiers: [{ upTo: '1', unitPrice: '1' }] }, { kind: 'x' }] });
  const wrong = await cli(...define);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('components[0].tiers[0].upTo') });
  expect(wrong.stderr).toContain('the last tier is open-ended: set upTo to null');
  expect(wrong.stderr).toContain('components[1].kind');
  write({ currency: 'USD', name: 'Tiers', components });
  expect(await json(...define)).toEqual({ defined: true });
  expect(await json(...define)).toEqual({ defined: false });
  expect(await json('plans', 'list')).toContainEqual(expect.objectContaining({ plan_id: 'tiers', components }));
  const listed = await cli('plans', 'list');
  expect(listed.stdout).toContain('call_seconds outbound graduated (to 60000: 0.002, beyond: 0.0015)');
});

test('cost rates are set and listed', async () => {
  const rate = ['rates', 'set', '--provider', 'twilio', '--meter', 'call_seconds', '--currency', 'USD'];
  const from = ['--from', '2026-11-01T00:00:00Z'];
  expect(await json(...rate, ...from, '--unit-cost', '0.00014')).toEqual({
    set: true,
    valid_from: '2026-11-01T00:00:00Z',
  });
  const [again, outbound, notADecimal, missing] = await Promise.all([
    json(...rate, ...from, '--unit-cost', '0.000140'),
    json(...rate, ...from, '--unit-cost', '0.0002', '--direction', 'outbound', '--to', '2027-01-01T00:00:00Z'),
    cli(...rate, '--unit-cost', '1e-3'),
    cli(...rate),
  ]);
  expect(again).toMatchObject({ set: false });
  expect(outbound).toMatchObject({ set: true });
  expect(await json(...rate, ...from, '--unit-cost', '0.00014', '--reprice')).toMatchObject({ set: true });
  expect(notADecimal).toMatchObject({ code: 2, stderr: expect.stringContaining('decimal') });
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('--unit-cost is missing.') });
  expect(await json('rates', 'list', '--provider', 'twilio')).toEqual([
    expect.objectContaining({
      unit_cost: '0.0002',
      direction: 'outbound',
      valid_to: expect.stringContaining('2027-01-01'),
    }),
    expect.objectContaining({
      meter: 'call_seconds',
      unit_cost: '0.00014',
      valid_from: expect.stringContaining('2026-11-01T00:00:00'),
      valid_to: null,
    }),
  ]);
});

test('what needs a running server says so instead of starting one', async () => {
  const [sent, signedIn, elsewhere] = await Promise.all([
    cli('send', 'stripe', 'invoice.paid'),
    cli('console', 'sign-in'),
    cli('console', 'sign-in', '--role', 'finance', '--url', 'https://hooks.example.com/', '--json'),
  ]);
  expect(sent).toMatchObject({ code: 1, stderr: expect.stringContaining('error no_server') });
  expect(signedIn).toMatchObject({ code: 1, stderr: expect.stringContaining('error no_server') });
  expect(JSON.parse(elsewhere.stdout)).toMatchObject({
    url: expect.stringMatching(/^https:\/\/hooks\.example\.com\/console\/sign-in\?token=\w+$/),
  });
});

test('status without a server is a problem, and says which', async () => {
  const { code, stdout } = await cli('status', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    healthy: false,
    problems: expect.arrayContaining([expect.stringContaining('role relay')]),
  });
});
