import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
beforeAll(async () => {
  setup = await setUpCli();
  const source = ['--provider', 'stripe', '--account', 'acct_1', '--secret', 'whsec_of_a_test'];
  await json('sources', 'create', ...source);
});
afterAll(() => setup.close());

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

function fileOf(name: string, ...lines: string[]): string {
  const path = join(setup.env.HOOKLEDGER_DATA_DIR, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const HEAD = 'balance_transaction_id,automatic_payout_id,reporting_category,gross,fee,net,currency,created_utc';

test('transactions of a payout report are taken once, all of them or none, and found by report', async () => {
  const good = fileOf('good.csv', HEAD, 'txn_1,po_1,charge,100.00,3.20,96.80,eur,2026-11-08 10:00:00');
  const into = ['--account', 'acct_1'];
  expect(await json('payouts', 'import', good, ...into)).toEqual({ reported: 1, unchanged: 0 });
  expect(await json('payouts', 'import', good, ...into)).toEqual({ reported: 0, unchanged: 1 });

  const bad = fileOf('bad.csv', HEAD, 'txn_2,po_1,charge,1,0.1,1,eur,', 'txn_3,po_1,charge,one,0,1,eur,');
  const [refused, nowhere, noAccount] = await Promise.all([
    cli('payouts', 'import', bad, ...into),
    cli('payouts', 'import', good, '--account', 'acct_typo'),
    cli('payouts', 'import', good),
  ]);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('error import_refused') });
  expect(refused.stderr).toMatch(/line 2: net: is not gross less fee/);
  expect(refused.stderr).toMatch(/line 3: gross: is no amount/);
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('error unknown_account') });
  expect(noAccount).toMatchObject({ code: 2, stderr: expect.stringContaining('--account is missing') });

  expect(await json('finance', 'payouts-reconciliation', '--payout-id', 'po_1')).toMatchObject({
    totals: { reason: 'payout_unknown' },
  });
  const [without, payments] = await Promise.all([
    cli('finance', 'payouts-reconciliation'),
    cli('finance', 'payments', '--format', 'csv'),
  ]);
  expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('payout') });
  expect(payments.stdout).toMatch(/^payment_id,tenant_id,provider,account,status,gross,gross_currency,/);
}, 120_000);
