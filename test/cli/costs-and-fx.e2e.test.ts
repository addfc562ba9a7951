import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
let tenantId: string;
beforeAll(async () => {
  setup = await setUpCli();
  ({ id: tenantId } = z.strictObject({ id: z.string() }).parse(await json('tenants', 'create', 'Alder Dental')));
});
afterAll(() => setup.close());

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

function fileOf(name: string, ...lines: string[]): string {
  const path = join(setup.env.HOOKLEDGER_DATA_DIR, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const cost = (id: string, amount: string, ...rest: string[]) => [
  'costs', 'enter', id, '--provider', 'twilio', '--component', 'numbers', `--amount=${amount}`, '--currency', 'USD',
  '--from', '2026-10-01', '--to', '2026-11-01', ...rest,
]; // prettier-ignore

test('fixed costs are entered, imported, voided and listed', async () => {
  const direct = ['--allocation', 'direct', '--tenant', tenantId];
  expect(await json(...cost('k1', '115.00', ...direct))).toEqual({ entered: true });
  expect(await json(...cost('k1', '115', ...direct))).toEqual({ entered: false });
  const seats = ['--category', 'credit', '--allocation', 'seats', '--seats', `${tenantId}=3`, '--by', 'Ada'];
  expect(await json(...cost('k2', '-5', ...seats))).toEqual({ entered: true });

  const head = 'cost_id,provider,category,component,amount,currency,period_from,period_to,allocation,meter,tenant_id';
  const good = fileOf('good.csv', head, 'k3,retell,purchase,plan,99,USD,2026-10-01,2026-11-01,usage,call_seconds,');
  expect(await json('costs', 'import', good)).toEqual({ entered: 1, unchanged: 0 });
  expect(await json('costs', 'import', good)).toEqual({ entered: 0, unchanged: 1 });
  const bad = fileOf(
    'bad.csv',
    head,
    'k4,retell,purchase,plan,99,USD,2026-11-01,2026-10-01,equal,,',
    'k5,retell,purchase,plan,99,USD,2026-10-01,2026-11-01,direct,,',
  );
  const refused = await cli('costs', 'import', bad);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('error import_refused') });
  expect(refused.stderr).toMatch(/line 2: period_to: must be after periodFrom/);
  expect(refused.stderr).toMatch(/line 3: allocation\.tenant_id/);

  expect(await json('costs', 'void', 'k1', '--reason', 'entered twice')).toEqual({ voided: true });
  expect(await json('costs', 'void', 'k1', '--reason', 'again')).toEqual({ voided: false });
  expect(await json('costs', 'list')).toMatchObject([
    { cost_id: 'k2', amount: '-5', category: 'credit', entered_by: 'Ada', period_from: '2026-10-01T00:00:00.000Z' },
    { cost_id: 'k3', allocation: { key: 'usage', meter: 'call_seconds' } },
  ]);
  const all = await cli('costs', 'list', '--all');
  expect(all.stdout).toMatch(new RegExp(`k1 .*115 USD .*direct ${tenantId} +entered twice`));
}, 120_000);

test('a cost that makes no sense is wrong usage, one that is not so is a problem', async () => {
  const [stray, missing, digits, unknown, other, nobody] = await Promise.all([
    cli(...cost('x', '1', '--allocation', 'equal', '--tenant', tenantId)),
    cli(...cost('x', '1', '--allocation', 'usage')),
    cli(...cost('x', '0.1234567890123', '--allocation', 'equal')),
    cli(...cost('x', '1', '--allocation', 'direct', '--tenant', 'tnt_nobody')),
    cli(...cost('k2', '-6', '--allocation', 'equal')),
    cli('costs', 'void', 'nobody', '--reason', 'x'),
  ]);
  expect(stray).toMatchObject({ code: 2, stderr: expect.stringContaining('--tenant does not go with') });
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('--meter is missing') });
  expect(digits).toMatchObject({ code: 2, stderr: expect.stringContaining('12 decimals') });
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('error unknown_tenant') });
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('error provider_cost_immutable') });
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('error unknown_provider_cost') });
}, 120_000);

test('rates of exchange are set, imported and listed', async () => {
  const set = ['fx', 'set', 'USD', 'EUR', '0.9213', '--date', '2026-10-30', '--source', 'ECB'];
  expect(await json(...set)).toEqual({ set: true });
  expect(await json(...set)).toEqual({ set: false });
  const file = fileOf(
    'rates.csv',
    'date,base,quote,rate,source',
    '2026-10-30,USD,EUR,0.9213,ECB',
    '2026-10-29,USD,EUR,0.92,ECB',
  );
  expect(await json('fx', 'import', file)).toEqual({ set: 1, unchanged: 1 });
  expect(await json('fx', 'list', '--base', 'USD', '--to', '2026-10-30')).toMatchObject([
    { base: 'USD', quote: 'EUR', date: '2026-10-29', rate: '0.92', source: 'ECB' },
  ]);
  const [same, zero, noFile, noDay] = await Promise.all([
    cli('fx', 'set', 'USD', 'USD', '1', '--date', '2026-10-30', '--source', 'ECB'),
    cli('fx', 'set', 'USD', 'EUR', '0', '--date', '2026-10-30', '--source', 'ECB'),
    cli('fx', 'import', '/nowhere/rates.csv'),
    cli('fx', 'list', '--from', 'yesterday'),
  ]);
  expect(same).toMatchObject({ code: 2, stderr: expect.stringContaining('same currency') });
  expect(zero).toMatchObject({ code: 2, stderr: expect.stringContaining('above zero') });
  expect(noFile).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') });
  expect(noDay).toMatchObject({ code: 2, stderr: expect.stringContaining('--from is a date') });
}, 120_000);

test('costs, margin and summary are reports at the command line, too', async () => {
  const range = ['--from', '2026-10-01', '--to', '2026-11-01'];
  for (const report of ['costs', 'margin', 'summary', 'provider-costs', 'fx-rates']) {
    expect(await json('finance', report, ...range)).toMatchObject({ has_more: false });
  }
  const csv = await cli('finance', 'margin', ...range, '--reporting-currency', 'EUR', '--format', 'csv');
  expect(csv).toMatchObject({ code: 0, stdout: expect.stringMatching(/^tenant_id,provider,currency,revenue,/) });
}, 120_000);
