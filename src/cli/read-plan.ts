import { readFileSync } from 'node:fs';
import type { PricePlanComponent } from '../domain/pricing.ts';
import { needed } from './command.ts';
import { parseJsonObject } from './parse-values.ts';
import { UsageError } from './usage-error.ts';

/** What `plans define` is given to say a plan's prices. */
export type PlanOptions = Readonly<{
  name?: string | undefined;
  currency?: string | undefined;
  file?: string | undefined;
  flat?: string | undefined;
  recurring?: readonly string[] | undefined;
  'per-unit'?: readonly string[] | undefined;
  markup?: readonly string[] | undefined;
  included?: readonly string[] | undefined;
  package?: readonly string[] | undefined;
  minimum?: string | undefined;
}>;

/**
 * The plan that a file or options say, not yet checked against the schema of plans.
 * @throws UsageError when neither says a price, or both do, or one makes no sense.
 */
export function readPlan(planId: string, options: PlanOptions): Record<string, unknown> {
  const components = componentsOf(options);
  if (options.file !== undefined) {
    if (components.length > 0) throw new UsageError('--file says all prices: leave out the options that say one.');
    return fromFile(planId, options.file, options);
  }
  if (components.length === 0) throw new UsageError('A plan needs --file, or an option that says a price.');
  return { planId, name: options.name ?? planId, currency: needed(options.currency, '--currency'), components };
}

function fromFile(planId: string, path: string, { name, currency }: PlanOptions): Record<string, unknown> {
  const plan = parseJsonObject(read(path), path);
  if (plan['planId'] !== undefined && plan['planId'] !== planId) {
    throw new UsageError(`${path} is of the plan ${JSON.stringify(plan['planId'])}, not of ${planId}.`);
  }
  return { name: name ?? planId, ...(currency === undefined ? {} : { currency }), ...plan, planId };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--file: ${path} cannot be read.`, { cause: error });
  }
}

function componentsOf(options: PlanOptions): readonly PricePlanComponent[] {
  return [
    ...(options.flat === undefined ? [] : [{ kind: 'flat' as const, amount: options.flat }]),
    ...(options.recurring ?? []).map(recurring),
    ...(options['per-unit'] ?? []).map(perUnit),
    ...(options.markup ?? []).map(markup),
    ...(options.included ?? []).map(included),
    ...(options.package ?? []).map(packages),
    ...(options.minimum === undefined ? [] : [{ kind: 'minimum' as const, amount: options.minimum }]),
  ];
}

function recurring(text: string): PricePlanComponent {
  const [, name, amount, interval] = /^(.+)=(.+)\/(month|quarter|year)$/.exec(text) ?? [];
  if (name === undefined || amount === undefined || !isInterval(interval)) {
    throw new UsageError(`--recurring is NAME=AMOUNT/INTERVAL, such as "Support=300/quarter", not "${text}".`);
  }
  return { kind: 'recurring', name, amount, interval };
}

function isInterval(text: string | undefined): text is 'month' | 'quarter' | 'year' {
  return text === 'month' || text === 'quarter' || text === 'year';
}

function perUnit(text: string): PricePlanComponent {
  const [meter = '', unitPrice] = text.split('=');
  if (unitPrice === undefined) throw new UsageError(`--per-unit is METER=PRICE, not "${text}".`);
  return { kind: 'per_unit', meter, unitPrice };
}

function markup(text: string): PricePlanComponent {
  const [first = '', percent] = text.split('=');
  return percent === undefined ? { kind: 'markup', percent: first } : { kind: 'markup', provider: first, percent };
}

function included(text: string): PricePlanComponent {
  const [meter, quantity, unitPrice] = ofQuantity(text, '--included is METER=QUANTITY:PRICE');
  return { kind: 'included', meter, quantity, unitPrice };
}

function packages(text: string): PricePlanComponent {
  const [meter, size, price] = ofQuantity(text, '--package is METER=SIZE:PRICE');
  return { kind: 'package', meter, size, price };
}

function ofQuantity(text: string, form: string): readonly [string, string, string] {
  const [, meter, quantity, price] = /^(.+)=([^:]+):(.+)$/.exec(text) ?? [];
  if (meter === undefined || quantity === undefined || price === undefined) {
    throw new UsageError(`${form}, not "${text}".`);
  }
  return [meter, quantity, price];
}
