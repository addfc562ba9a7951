import { importFxRates, setFxRate } from '../../finance/fx/set-fx-rates.ts';
import { listFxRates } from '../../finance/fx/list-fx-rates.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { parseDay, parseLimit } from '../parse-values.ts';
import { readDatabase } from '../read-database.ts';
import { readTextFile } from '../read-text-file.ts';

const set = defineCommand({
  name: 'fx set',
  summary: 'Say what one unit of a currency is in another on a day',
  description: [
    'Reports that are asked for a reporting currency take the rate of just this pair that is dated last at or before',
    'their day, at most a week older. Set again for the same day, a rate replaces the one before from now on.',
    'Safe to repeat. With --json: {"set"}, false when just this rate was there.',
  ].join('\n'),
  arguments: ['<base>', '<quote>', '<rate>'],
  options: {
    date: { type: 'string', value: 'DATE', description: 'The day that it is of, such as 2026-10-31' },
    source: { type: 'string', value: 'S', description: 'Who published it, such as ECB' },
  },
  examples: ['fx set USD EUR 0.9213 --date 2026-10-30 --source ECB'],
  async run({ values, positionals: [base = '', quote = '', rate = ''], ...context }) {
    const command = {
      base,
      quote,
      rate,
      date: needed(values.date, '--date'),
      source: needed(values.source, '--source'),
    };
    const outcome = await withAdministration(context, (deps) => setFxRate(deps, command));
    context.out.json(outcome);
    const what = `1 ${base} is ${rate} ${quote} on ${command.date}`;
    context.out.line(outcome.set ? `${what}.` : `${what} already.`);
    return EXIT.done;
  },
});

const importFile = defineCommand({
  name: 'fx import',
  summary: 'Set the rates of a CSV file, all of them or none',
  description: [
    'Columns, in any order: date, base, quote, rate, source. Every bad line is named, and then nothing is set.',
    'Safe to repeat. With --json: {"set", "unchanged"}.',
  ].join('\n'),
  arguments: ['<file.csv>'],
  options: {},
  examples: ['fx import ecb-2026-10.csv'],
  async run({ positionals: [path = ''], ...context }) {
    const csv = readTextFile(path);
    const outcome = await withAdministration(context, (deps) => importFxRates(deps, csv));
    context.out.json(outcome);
    context.out.line(`${outcome.set} rates set, ${outcome.unchanged} were there already.`);
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'fx list',
  summary: 'List the rates of exchange that hold',
  options: {
    base: { type: 'string', value: 'CCC', description: 'Of this currency only' },
    quote: { type: 'string', value: 'CCC', description: 'In this currency only' },
    from: { type: 'string', value: 'DATE', description: 'From this day on' },
    to: { type: 'string', value: 'DATE', description: 'Up to just before this day' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 100 when left out' },
  },
  examples: ['fx list --base USD --from 2026-10-01'],
  async run({ values: { base, quote, from, to, ...values }, ...context }) {
    const limit = parseLimit(values.limit, 100);
    const days = {
      ...(from === undefined ? {} : { from: parseDay(from, '--from') }),
      ...(to === undefined ? {} : { to: parseDay(to, '--to') }),
    };
    const rates = await readDatabase(context, (tx) => listFxRates(tx, { base, quote, ...days, limit }));
    context.out.json(rates);
    context.out.table(
      ['base', 'quote', 'date', { title: 'rate', align: 'right' }, 'source'],
      rates.map((rate) => [rate.base, rate.quote, rate.date, rate.rate, rate.source]),
    );
    return EXIT.done;
  },
});

export const commands = [set, importFile, list];
