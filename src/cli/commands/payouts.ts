import { MODES } from '../../domain/stream.ts';
import { importBalanceTransactions } from '../../finance/payouts/import-balance-transactions.ts';
import { TRANSACTION_COLUMNS } from '../../finance/payouts/new-balance-transaction.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import { readTextFile } from '../read-text-file.ts';

const importFile = defineCommand({
  name: 'payouts import',
  summary: "Take the transactions of a provider's itemised balance or payout report, all of them or none",
  description: [
    `Columns, in any order: ${TRANSACTION_COLUMNS.needed.join(', ')}.`,
    `Where there is something to say: ${TRANSACTION_COLUMNS.read.join(', ')}.`,
    'Those that else stand in reports of Stripe are left alone. Times without an offset are in UTC.',
    'Every bad line is named, and then nothing is taken. Safe to repeat: what is there just so is left alone; a payout that',
    'was not known yet is added. `hookledger finance payouts-reconciliation --payout-id po_…` holds it against the payout.',
    'With --json: {"reported", "unchanged"}.',
  ].join('\n'),
  arguments: ['<file.csv>'],
  options: {
    account: { type: 'string', value: 'A', description: 'The account whose balance it is, as its source names it' },
    provider: { type: 'string', value: 'P', description: 'stripe when left out' },
    mode: { type: 'string', value: 'M', description: `${MODES.join(' or ')}; live when left out` },
  },
  examples: ['payouts import itemised-payouts-2026-10.csv --account acct_1Ab'],
  async run({ values, positionals: [path = ''], ...context }) {
    const account = {
      provider: values.provider ?? 'stripe',
      account: needed(values.account, '--account'),
      mode: oneOf(MODES, values.mode ?? 'live', '--mode'),
    };
    const csv = readTextFile(path);
    const outcome = await withAdministration(context, (deps) => importBalanceTransactions(deps, account, csv));
    context.out.json(outcome);
    context.out.line(`${outcome.reported} transactions taken, ${outcome.unchanged} were there already.`);
    return EXIT.done;
  },
});

export const commands = [importFile];
