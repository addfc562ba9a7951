import { setCostRate } from '../../tenants/set-cost-rate.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { parseLimit } from '../parse-values.ts';
import { listCostRates } from '../queries/list-cost-rates.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';

const set = defineCommand({
  name: 'rates set',
  summary: 'Say what a provider charges us for a unit of a meter',
  description: [
    'Usage is estimated by it until the provider reports a cost of its own, which is final. Usage of before that has an',
    'estimate keeps it; with --reprice it is estimated anew. Of the rates that speak of a usage, the one with the most',
    'filters holds. The same filters with the same --from replace the rate, its end included.',
    'Safe to repeat. With --json: {"set"}, false when just this rate was there.',
  ].join('\n'),
  options: {
    provider: { type: 'string', value: 'P', description: 'Such as twilio' },
    meter: { type: 'string', value: 'M', description: 'What is measured: call_seconds, message_segments' },
    'unit-cost': { type: 'string', value: 'AMOUNT', description: 'A decimal with as many digits as the provider has' },
    currency: { type: 'string', value: 'CCC', description: 'ISO 4217, such as USD' },
    account: { type: 'string', value: 'A', description: 'Only of this account; of all when left out' },
    unit: { type: 'string', value: 'U', description: 'Only in this unit, such as second' },
    direction: { type: 'string', value: 'D', description: 'Only this direction, as the usage events carry it' },
    channel: { type: 'string', value: 'C', description: 'Only this channel, as the usage events carry it' },
    from: { type: 'string', value: 'TIME', description: 'ISO 8601; now when left out' },
    to: { type: 'string', value: 'TIME', description: 'ISO 8601, no longer in it; for ever when left out' },
    reprice: { type: 'boolean', description: 'Also usage that has an estimate already' },
  },
  examples: [
    'rates set --provider twilio --meter call_seconds --unit-cost 0.00014 --currency USD --from 2026-11-01T00:00:00Z',
    'rates set --provider twilio --meter message_segments --direction outbound --unit-cost 0.0079 --currency USD',
  ],
  async run({ values, ...context }) {
    const { out } = context;
    const { account, unit, direction, channel, to } = values;
    const rate = {
      provider: needed(values.provider, '--provider'),
      meter: needed(values.meter, '--meter'),
      unitCost: needed(values['unit-cost'], '--unit-cost'),
      currency: needed(values.currency, '--currency'),
      ...(account === undefined ? {} : { account }),
      ...(unit === undefined ? {} : { unit }),
      ...(direction === undefined ? {} : { direction }),
      ...(channel === undefined ? {} : { channel }),
      ...(to === undefined ? {} : { validTo: to }),
    };
    const outcome = await withAdministration(context, async (deps) => {
      const validFrom = values.from ?? deps.clock.now().toISOString();
      return { ...(await setCostRate(deps, { ...rate, validFrom, reprice: values.reprice === true })), validFrom };
    });
    out.json({ set: outcome.set, valid_from: outcome.validFrom });
    const what = `${rate.meter} of ${rate.provider} costs ${rate.unitCost} ${rate.currency}`;
    out.line(outcome.set ? `${what} from ${outcome.validFrom} on.` : `${what} from then on already.`);
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'rates list',
  summary: 'List the cost rates',
  options: {
    provider: { type: 'string', value: 'P', description: 'Of this provider only' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 100 when left out' },
  },
  examples: ['rates list', 'rates list --provider twilio'],
  async run({ values, ...context }) {
    const limit = parseLimit(values.limit, 100);
    const rates = await readDatabase(context, (tx) => listCostRates(tx, { provider: values.provider, limit }));
    context.out.json(rates.map(snakeCased));
    context.out.table(
      ['provider', 'meter', 'only', 'unit cost', 'currency', 'from', 'to'],
      rates.map(({ account, unit, direction, channel, ...rate }) => [
        rate.provider,
        rate.meter,
        [account, unit, direction, channel].filter((filter) => filter !== null).join(', ') || 'any',
        rate.unitCost,
        rate.currency,
        rate.validFrom,
        rate.validTo ?? 'for ever',
      ]),
    );
    return EXIT.done;
  },
});

export const commands = [set, list];
