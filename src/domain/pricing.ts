import { z } from 'zod';
import { compareDecimals, parseDecimal } from './decimal.ts';

/** Our own prices and quantities take at most 12 decimals; what providers charge and report is never limited. */
const decimal = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,12})?$/, 'a decimal string with at most 12 decimals, such as "0.0025"');
const positive = decimal.refine((text) => /[1-9]/.test(text), { error: 'must be above zero', abort: true });
const word = z.string().min(1).max(200);

/** Which usage a price speaks of. What is left out does not matter to it. */
const metered = {
  meter: word.describe('What is measured, such as call_seconds. Quantities in other units are never added.'),
  provider: word.optional().describe('Only usage of this provider.'),
  direction: word.optional().describe('Only this direction, as the usage events carry it, such as outbound.'),
  channel: word.optional().describe('Only this channel, as the usage events carry it, such as phone_call.'),
};

const tier = z.strictObject({
  upTo: decimal.nullable().describe('The last quantity that is in it; null: open-ended.'),
  unitPrice: decimal,
  flatFee: decimal.optional().describe('Charged once a month, where the tier is reached.'),
});
const tiers = z
  .array(tier)
  .min(1)
  .max(50)
  .superRefine((list, context) => {
    for (const [index, { upTo }] of list.entries()) {
      const problem = problemOfTier(upTo, index === 0 ? '0' : list[index - 1]?.upTo, index === list.length - 1);
      if (problem !== undefined) context.addIssue({ code: 'custom', path: [index, 'upTo'], message: problem });
    }
  });

/** Each tier begins where the one before it ends, so that neither gaps nor overlaps can be written. */
function problemOfTier(upTo: string | null, before: string | null | undefined, isLast: boolean): string | undefined {
  if (isLast) return upTo === null ? undefined : `the last tier is open-ended: set upTo to null, not "${upTo}"`;
  if (upTo === null) return 'only the last tier may be open-ended: say up to which quantity this one goes';
  if (before === null || before === undefined || compareDecimals(parseDecimal(upTo), parseDecimal(before)) > 0) return;
  return `must be above ${before}, where the tier begins: list the tiers in ascending order, not "${upTo}"`;
}

export const INTERVALS = ['month', 'quarter', 'year'] as const;
export type Interval = (typeof INTERVALS)[number];

/**
 * One price of a plan. Of those that speak of a fact, the one that says most about it charges for it: with the most of
 * provider, direction and channel, and of equally many the one that names the provider, then the direction.
 */
export const pricePlanComponent = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('flat'), amount: decimal })
    .describe('A fee for each calendar month, charged in full at its start.'),
  z
    .strictObject({ kind: z.literal('recurring'), name: word, amount: decimal, interval: z.enum(INTERVALS) })
    .describe('A named fee for each calendar interval, charged in full at its start.'),
  z
    .strictObject({ kind: z.literal('per_unit'), ...metered, unitPrice: decimal })
    .describe('Each unit at one price; each fact is rated by itself.'),
  z
    .strictObject({
      kind: z.literal('markup'),
      provider: word.optional().describe('Only costs of this provider.'),
      percent: z.string().regex(/^\d{1,6}(\.\d{1,6})?$/, 'a percentage, such as "25"'),
    })
    .describe("The provider's cost passed through plus a percentage, in the currency of the cost."),
  z
    .strictObject({ kind: z.literal('graduated'), ...metered, tiers })
    .describe("Each unit of the month's quantity at the price of the tier that it is in."),
  z
    .strictObject({ kind: z.literal('volume'), ...metered, tiers })
    .describe("All of the month's quantity at the price of the one tier that it reaches."),
  z
    .strictObject({ kind: z.literal('package'), ...metered, size: positive, price: decimal })
    .describe("The month's quantity in packages; a started one counts whole."),
  z
    .strictObject({ kind: z.literal('included'), ...metered, quantity: positive, unitPrice: decimal })
    .describe("The first part of the month's quantity free of charge, each unit beyond it at one price."),
  z
    .strictObject({ kind: z.literal('minimum'), amount: positive })
    .describe("What is charged for a month's usage is topped up to so much. Fees do not count towards it."),
]);
export type PricePlanComponent = z.infer<typeof pricePlanComponent>;

export type PricePlan = Readonly<{ planId: string; currency: string; components: readonly PricePlanComponent[] }>;

/** Rated on the quantity of a month, not fact by fact. */
export type AggregateComponent = Extract<PricePlanComponent, { kind: 'graduated' | 'volume' | 'package' | 'included' }>;

export function isAggregate(component: PricePlanComponent): component is AggregateComponent {
  return ['graduated', 'volume', 'package', 'included'].includes(component.kind);
}

/** The prices of a new plan. No two may ask for the same thing, so that each fact has one price. */
export const pricePlanComponents = z
  .array(pricePlanComponent)
  .min(1, 'a plan needs a price at least')
  .max(50)
  .superRefine((components, context) => {
    const first = new Map<string, number>();
    for (const [index, component] of components.entries()) {
      const subject = subjectOf(component);
      if (subject === undefined) continue;
      const other = first.get(subject.key);
      if (other === undefined) first.set(subject.key, index);
      else {
        const message = `is the second price of ${subject.name}, after components[${other}]: ${subject.fix}`;
        context.addIssue({ code: 'custom', path: [index], message });
      }
    }
  });

/** What a component prices, where a plan may price it once. */
function subjectOf(component: PricePlanComponent): { key: string; name: string; fix: string } | undefined {
  switch (component.kind) {
    case 'flat':
      return undefined;
    case 'recurring':
      return {
        key: JSON.stringify(['fee', component.name]),
        name: `"${component.name}"`,
        fix: 'give each recurring fee a name of its own',
      };
    case 'minimum':
      return { key: 'minimum', name: 'the minimum', fix: 'a plan has one' };
    case 'markup':
      return {
        key: JSON.stringify(['cost', component.provider]),
        name: component.provider === undefined ? 'cost of any provider' : `cost of ${component.provider}`,
        fix: 'leave one out, or name another provider',
      };
    default: {
      const { meter, provider = null, direction = null, channel = null } = component;
      const dimensions = [provider, direction, channel].filter((dimension) => dimension !== null);
      return {
        key: JSON.stringify(['usage', meter, provider, direction, channel]),
        name: [meter, ...dimensions].join(' '),
        fix: 'leave one out, or tell them apart by provider, direction or channel',
      };
    }
  }
}
