import type { PricePlanComponent } from '../../domain/pricing.ts';
import { assignPricePlan } from '../../tenants/assign-price-plan.ts';
import { definePricePlan } from '../../tenants/define-price-plan.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { listPricePlans } from '../queries/list-price-plans.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';
import { UsageError } from '../usage-error.ts';

const define = defineCommand({
  name: 'plans define',
  summary: 'Define a price plan: what we charge a tenant',
  description: [
    'A plan never changes: other prices are another plan, assigned from some day on. At least one price is needed;',
    'amounts are decimals of the currency, with at most 12 digits after the point.',
    'Safe to repeat. With --json: {"defined"}, false when just this plan was there.',
  ].join('\n'),
  arguments: ['<id>'],
  options: {
    name: { type: 'string', value: 'N', description: 'For people; the id when left out' },
    currency: { type: 'string', value: 'CCC', description: 'ISO 4217, such as USD' },
    flat: { type: 'string', value: 'AMOUNT', description: 'Fee for each calendar month' },
    'per-unit': { type: 'string', multiple: true, value: 'METER=PRICE', description: 'Price of one unit of a meter' },
    markup: {
      type: 'string',
      multiple: true,
      value: '[PROVIDER=]PERCENT',
      description: "The provider's cost passed through, plus so much",
    },
  },
  examples: [
    'plans define starter --currency USD --flat 49 --per-unit call_seconds=0.0025',
    'plans define pass-through --currency USD --markup 25 --markup retell=40',
  ],
  async run({ values, positionals: [planId = ''], ...context }) {
    const plan = {
      planId,
      name: values.name ?? planId,
      currency: needed(values.currency, '--currency'),
      components: [
        ...(values.flat === undefined ? [] : [{ kind: 'flat' as const, amount: values.flat }]),
        ...(values['per-unit'] ?? []).map(perUnit),
        ...(values.markup ?? []).map(markup),
      ],
    };
    if (plan.components.length === 0) throw new UsageError('A plan needs --flat, --per-unit or --markup.');
    const { defined } = await withAdministration(context, (deps) => definePricePlan(deps, plan));
    context.out.json({ defined });
    context.out.line(defined ? `Defined ${planId}.` : `${planId} is there already, just like that.`);
    if (defined)
      context.out.line(`Give it to a tenant: ${context.commandLine(`plans assign ${planId} --tenant tnt_…`)}`);
    return EXIT.done;
  },
});

function perUnit(text: string): PricePlanComponent {
  const [meter = '', unitPrice] = text.split('=');
  if (unitPrice === undefined) throw new UsageError(`--per-unit is METER=PRICE, not "${text}".`);
  return { kind: 'per_unit', meter, unitPrice };
}

function markup(text: string): PricePlanComponent {
  const [first = '', percent] = text.split('=');
  return percent === undefined ? { kind: 'markup', percent: first } : { kind: 'markup', provider: first, percent };
}

const assign = defineCommand({
  name: 'plans assign',
  summary: 'Price what a tenant uses by a plan, from some time on',
  description: [
    'The plan holds until an assignment that begins later. Usage since then that is rated already is rated again.',
    'Safe to repeat. With --json: {"assigned"}, false when that is how it was.',
  ].join('\n'),
  arguments: ['<plan>'],
  options: {
    tenant: { type: 'string', value: 'ID', description: 'The tenant' },
    from: { type: 'string', value: 'TIME', description: 'ISO 8601; now when left out' },
  },
  examples: ['plans assign starter --tenant tnt_… --from 2026-11-01T00:00:00Z'],
  async run({ values, positionals: [planId = ''], ...context }) {
    const tenantId = needed(values.tenant, '--tenant');
    const { assigned, validFrom } = await withAdministration(context, async (deps) => {
      const from = values.from ?? deps.clock.now().toISOString();
      return { ...(await assignPricePlan(deps, { planId, tenantId, validFrom: from })), validFrom: from };
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
        components.map(describeComponent).join(', '),
        assignments.map((each) => `${each.tenant_id} from ${each.valid_from}`).join(', ') || 'nobody',
      ]),
    );
    return EXIT.done;
  },
});

function describeComponent(component: PricePlanComponent): string {
  switch (component.kind) {
    case 'flat':
      return `${component.amount} a month`;
    case 'per_unit':
      return `${component.unitPrice} per ${component.meter}`;
    case 'markup':
      return `cost${component.provider === undefined ? '' : ` of ${component.provider}`} + ${component.percent} %`;
  }
}

export const commands = [define, assign, list];
