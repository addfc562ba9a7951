import { FIXED_COST_CATEGORIES } from '../../domain/finance-schemas.ts';
import { enterProviderCost, importProviderCosts } from '../../finance/provider-costs/enter-provider-costs.ts';
import { COST_COLUMNS, seatsOf } from '../../finance/provider-costs/new-provider-cost.ts';
import { readProviderCosts } from '../../finance/provider-costs/read-provider-costs.ts';
import { voidProviderCost } from '../../finance/provider-costs/void-provider-cost.ts';
import { nameBearers } from '../../finance/reports/provider-costs-report.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import { parseLimit } from '../parse-values.ts';
import { readDatabase } from '../read-database.ts';
import { readTextFile } from '../read-text-file.ts';
import { snakeCased } from '../snake-cased.ts';
import { UsageError } from '../usage-error.ts';
import { userOfMachine } from '../user-of-machine.ts';

const ALLOCATIONS = ['direct', 'equal', 'seats', 'usage'] as const;

const enter = defineCommand({
  name: 'costs enter',
  summary: 'Enter a fixed or recurring charge of a provider, which no webhook tells',
  description: [
    'It is spread evenly over its period, and borne as --allocation says: direct by --tenant; equal by every tenant with',
    'usage in the period; seats by --seats; usage by the share of what was used of --meter of this provider in the period.',
    'What nobody bears is unassigned. An entry never changes: void it, and enter what is right under another id.',
    'Safe to repeat. With --json: {"entered"}, false when just this cost was there.',
  ].join('\n'),
  arguments: ['<id>'],
  options: {
    provider: { type: 'string', value: 'P', description: 'Such as twilio' },
    account: { type: 'string', value: 'A', description: 'On which account' },
    category: {
      type: 'string',
      value: 'C',
      description: `${FIXED_COST_CATEGORIES.join(', ')}; purchase when left out`,
    },
    component: { type: 'string', value: 'C', description: 'What for, such as numbers, seats or carrier_fee' },
    amount: {
      type: 'string',
      value: 'AMOUNT',
      description: 'A decimal with at most 12 decimals; a credit is negative',
    },
    currency: { type: 'string', value: 'CCC', description: 'ISO 4217, such as USD' },
    from: { type: 'string', value: 'TIME', description: 'Start of its period: a date (in UTC) or RFC 3339' },
    to: { type: 'string', value: 'TIME', description: 'End of its period, excluded' },
    allocation: { type: 'string', value: 'KEY', description: ALLOCATIONS.join(', ') },
    tenant: { type: 'string', value: 'ID', description: 'Who bears it: with direct' },
    seats: { type: 'string', multiple: true, value: 'TENANT=N', description: 'Seats of a tenant: with seats' },
    meter: { type: 'string', value: 'M', description: 'What is measured, such as call_seconds: with usage' },
    reference: { type: 'string', value: 'R', description: "Such as the number of the provider's invoice" },
    description: { type: 'string', value: 'TEXT', description: 'For people' },
    by: { type: 'string', value: 'NAME', description: 'Who enters it; the user of this machine when left out' },
  },
  examples: [
    'costs enter twilio-numbers-2026-10 --provider twilio --component numbers --amount 115 --currency USD ' +
      '--from 2026-10-01 --to 2026-11-01 --allocation usage --meter call_seconds',
    'costs enter crm-2026-10 --provider ghl --component seats --amount 97 --currency USD --from 2026-10-01 ' +
      '--to 2026-11-01 --allocation seats --seats tnt_a=3 --seats tnt_b=2',
  ],
  async run({ values, positionals: [costId = ''], ...context }) {
    const { account, reference, description } = values;
    const command = {
      costId,
      provider: needed(values.provider, '--provider'),
      ...(account === undefined ? {} : { account }),
      category: oneOf(FIXED_COST_CATEGORIES, values.category ?? 'purchase', '--category'),
      component: needed(values.component, '--component'),
      ...(description === undefined ? {} : { description }),
      amount: needed(values.amount, '--amount'),
      currency: needed(values.currency, '--currency'),
      periodFrom: needed(values.from, '--from'),
      periodTo: needed(values.to, '--to'),
      allocation: allocationOf(values),
      ...(reference === undefined ? {} : { reference }),
      by: values.by ?? userOfMachine(),
    };
    const outcome = await withAdministration(context, (deps) => enterProviderCost(deps, command));
    context.out.json(outcome);
    context.out.line(outcome.entered ? `Entered ${costId}.` : `${costId} is there already, just like that.`);
    return EXIT.done;
  },
});

type AllocationValues = Readonly<{
  allocation?: string | undefined;
  tenant?: string | undefined;
  seats?: string[] | undefined;
  meter?: string | undefined;
}>;

/** What belongs to another kind of allocation is a mistake, not something to pass over. */
function allocationOf({ allocation, tenant, seats, meter }: AllocationValues) {
  const key = oneOf(ALLOCATIONS, needed(allocation, '--allocation'), '--allocation');
  const given = { tenant, seats, meter };
  const own = OWN_OPTION[key];
  const stray = Object.entries(given).find(([option, value]) => value !== undefined && option !== own);
  if (stray !== undefined) throw new UsageError(`--${stray[0]} does not go with --allocation ${key}.`);
  switch (key) {
    case 'direct':
      return { key, tenantId: needed(tenant, '--tenant') };
    case 'equal':
      return { key };
    case 'seats': {
      if (seats === undefined) throw new UsageError('--seats is missing.');
      return { key, seats: seats.map(seatsOf) };
    }
    case 'usage':
      return { key, meter: needed(meter, '--meter') };
  }
}

const OWN_OPTION = { direct: 'tenant', equal: undefined, seats: 'seats', usage: 'meter' } as const;

const importFile = defineCommand({
  name: 'costs import',
  summary: 'Enter the costs of a CSV file, all of them or none',
  description: [
    `Columns, in any order: ${COST_COLUMNS.needed.join(', ')}.`,
    `Where there is something to say: ${COST_COLUMNS.optional.join(', ')}.`,
    'allocation is direct (tenant_id), equal, seats (seats: tnt_a=3;tnt_b=2) or usage (meter).',
    'Every bad line is named, and then nothing is entered. Safe to repeat: what is there just so is left alone.',
    'With --json: {"entered", "unchanged"}.',
  ].join('\n'),
  arguments: ['<file.csv>'],
  options: {
    by: { type: 'string', value: 'NAME', description: 'Who enters them; the user of this machine otherwise' },
  },
  examples: ['costs import fixed-costs-2026-10.csv'],
  async run({ values, positionals: [path = ''], ...context }) {
    const csv = readTextFile(path);
    const by = values.by ?? userOfMachine();
    const outcome = await withAdministration(context, (deps) => importProviderCosts(deps, csv, by));
    context.out.json(outcome);
    context.out.line(`${outcome.entered} costs entered, ${outcome.unchanged} were there already.`);
    return EXIT.done;
  },
});

const voidOne = defineCommand({
  name: 'costs void',
  summary: 'Take back a cost that was entered by mistake',
  description: [
    'From now on it counts nothing; figures as of before keep it.',
    'Safe to repeat. With --json: {"voided"}, false when it was voided before.',
  ].join('\n'),
  arguments: ['<id>'],
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'Why; kept for ever' },
    by: { type: 'string', value: 'NAME', description: 'Who decides; the user of this machine when left out' },
  },
  examples: ["costs void twilio-numbers-2026-10 --reason 'entered twice'"],
  async run({ values, positionals: [costId = ''], ...context }) {
    const command = { costId, reason: needed(values.reason, '--reason'), by: values.by ?? userOfMachine() };
    const outcome = await withAdministration(context, (deps) => voidProviderCost(deps, command));
    context.out.json(outcome);
    context.out.line(outcome.voided ? `${costId} counts no longer.` : `${costId} was voided before.`);
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'costs list',
  summary: 'List the fixed costs as they were entered',
  options: {
    provider: { type: 'string', value: 'P', description: 'Of this provider only' },
    all: { type: 'boolean', description: 'Those that were voided, too' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 100 when left out' },
  },
  examples: ['costs list', 'costs list --provider twilio --all --json'],
  async run({ values: { provider, all, ...values }, ...context }) {
    const limit = parseLimit(values.limit, 100);
    const providers = provider === undefined ? undefined : [provider];
    const costs = await readDatabase(context, (tx) => readProviderCosts(tx, { providers, withVoided: all, limit }));
    context.out.json(costs.map(snakeCased));
    context.out.table(
      ['id', 'provider', 'category', 'component', { title: 'amount', align: 'right' }, 'from', 'to', 'borne', 'voided'],
      costs.map((cost) => [
        cost.costId,
        cost.provider,
        cost.category,
        cost.component,
        `${cost.amount} ${cost.currency}`,
        cost.periodFrom.toISOString(),
        cost.periodTo.toISOString(),
        [cost.allocation.key, ...(nameBearers(cost.allocation) ?? [])].join(' '),
        cost.voidReason ?? '',
      ]),
    );
    return EXIT.done;
  },
});

export const commands = [enter, importFile, voidOne, list];
