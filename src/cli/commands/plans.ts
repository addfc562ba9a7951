import { assignPricePlan } from '../../tenants/assign-price-plan.ts';
import { definePricePlan, parsePricePlan } from '../../tenants/define-price-plan.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { describePrice } from '../describe-price.ts';
import { listPricePlans } from '../queries/list-price-plans.ts';
import { readDatabase } from '../read-database.ts';
import { readPlan } from '../read-plan.ts';
import { snakeCased } from '../snake-cased.ts';

const define = defineCommand({
  name: 'plans define',
  summary: 'Define a price plan: what we charge a tenant',
  description: [
    'A plan never changes: other prices are another plan, assigned from some day on. At least one price is needed;',
    'amounts are decimals of the currency, with at most 12 digits after the point. Of the prices that speak of a usage,',
    'the one that says most about it charges for it.',
    'Prices by provider, direction or channel, and by graduated or volume tiers, are said in a file:',
    '  {"currency": "USD", "components": [{"kind": "graduated", "meter": "call_seconds", "direction": "outbound",',
    '    "tiers": [{"upTo": "60000", "unitPrice": "0.002"}, {"upTo": null, "unitPrice": "0.0015"}]}]}',
    'Its kinds are flat, recurring, per_unit, markup, graduated, volume, package, included and minimum.',
    'Safe to repeat. With --json: {"defined"}, false when just this plan was there.',
  ].join('\n'),
  arguments: ['<id>'],
  options: {
    name: { type: 'string', value: 'N', description: 'For people; the id when left out' },
    currency: { type: 'string', value: 'CCC', description: 'ISO 4217, such as USD' },
    file: { type: 'string', value: 'PLAN.json', description: 'The plan, instead of the options that say a price' },
    flat: { type: 'string', value: 'AMOUNT', description: 'Fee for each calendar month' },
    recurring: {
      type: 'string',
      multiple: true,
      value: 'NAME=AMOUNT/INTERVAL',
      description: 'Fee for each calendar month, quarter or year',
    },
    'per-unit': { type: 'string', multiple: true, value: 'METER=PRICE', description: 'Price of one unit of a meter' },
    markup: {
      type: 'string',
      multiple: true,
      value: '[PROVIDER=]PERCENT',
      description: "The provider's cost passed through, plus so much",
    },
    included: {
      type: 'string',
      multiple: true,
      value: 'METER=QUANTITY:PRICE',
      description: 'So much of a month free of charge, each unit beyond it at a price',
    },
    package: {
      type: 'string',
      multiple: true,
      value: 'METER=SIZE:PRICE',
      description: 'A month in packages; a started one counts whole',
    },
    minimum: { type: 'string', value: 'AMOUNT', description: "What a month's usage is charged at least" },
  },
  examples: [
    'plans define starter --currency USD --flat 49 --per-unit call_seconds=0.0025',
    'plans define pass-through --currency USD --markup 25 --markup retell=40',
    'plans define bundle --currency USD --included call_seconds=60000:0.002 --minimum 100',
    'plans define enterprise --file plan.json',
  ],
  async run({ values, positionals: [planId = ''], ...context }) {
    const plan = parsePricePlan(readPlan(planId, values));
    const { defined } = await withAdministration(context, (deps) => definePricePlan(deps, plan));
    context.out.json({ defined });
    context.out.line(defined ? `Defined ${planId}.` : `${planId} is there already, just like that.`);
    if (defined)
      context.out.line(`Give it to a tenant: ${context.commandLine(`plans assign ${planId} --tenant tnt_…`)}`);
    return EXIT.done;
  },
});

const assign = defineCommand({
  name: 'plans assign',
  summary: 'Price what a tenant uses by a plan, from some time on',
  description: [
    'The plan holds until an assignment that begins later. It prices what comes from now on, and usage since then that has',
    'no price yet. What is rated already keeps its price, and fees that were charged stay; with --reprice both are those',
    'of this plan, and the difference shows as of now.',
    'Safe to repeat. With --json: {"assigned"}, false when that is how it was.',
  ].join('\n'),
  arguments: ['<plan>'],
  options: {
    tenant: { type: 'string', value: 'ID', description: 'The tenant' },
    from: { type: 'string', value: 'TIME', description: 'ISO 8601; now when left out' },
    reprice: { type: 'boolean', description: 'Also what is priced already' },
  },
  examples: [
    'plans assign starter --tenant tnt_… --from 2026-11-01T00:00:00Z',
    'plans assign corrected --tenant tnt_… --from 2026-11-01T00:00:00Z --reprice',
  ],
  async run({ values, positionals: [planId = ''], ...context }) {
    const tenantId = needed(values.tenant, '--tenant');
    const { assigned, validFrom } = await withAdministration(context, async (deps) => {
      const from = values.from ?? deps.clock.now().toISOString();
      const command = { planId, tenantId, validFrom: from, reprice: values.reprice === true };
      return { ...(await assignPricePlan(deps, command)), validFrom: from };
    });
    context.out.json({ assigned, valid_from: validFrom });
    context.out.line(
      assigned
        ? `${planId} prices what ${tenantId} uses from ${validFrom} on.`
        : `${tenantId} has ${planId} from then on already.`,
    );
    return EXIT.done;
  },
});

const list = defineCommand({
  name: 'plans list',
  summary: 'List the price plans and who has them',
  options: {},
  examples: ['plans list'],
  async run(context) {
    const plans = await readDatabase(context, listPricePlans);
    context.out.json(plans.map(snakeCased));
    context.out.table(
      ['id', 'name', 'currency', 'prices', 'assigned to'],
      plans.map(({ planId, name, currency, components, assignments }) => [
        planId,
        name,
        currency,
        components.map(describePrice).join(', '),
        assignments
          .map((each) => `${each.tenant_id} from ${each.valid_from}${each.reprice ? ' (reprices)' : ''}`)
          .join(', ') || 'nobody',
      ]),
    );
    return EXIT.done;
  },
});

export const commands = [define, assign, list];
