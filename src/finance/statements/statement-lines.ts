import type { Decimal } from '../../domain/decimal.ts';
import {
  addDecimals,
  compareDecimals,
  formatDecimal,
  multiplyDecimals,
  parseDecimal,
  ZERO,
} from '../../domain/decimal.ts';
import type { EventData } from '../../domain/events.ts';
import { isAggregate } from '../../domain/pricing.ts';
import type { PricePlanComponent } from '../../domain/pricing.ts';
import { rateAggregate, topUp } from '../../domain/rate-aggregate.ts';
import { roundLines } from '../../domain/round-lines.ts';
import type { RoundingRule } from '../../domain/round-money.ts';
import type { Charge, Charges } from './read-charges.ts';

export type StatementLine = EventData<'StatementIssued'>['lines'][number];
/** Not rounded yet, which only the whole statement can be. */
export type ExactLine = Omit<StatementLine, 'lineNo' | 'amount' | 'roundingDifference'>;

/** What a month's charges are in one currency, line by line and exact. Pure. */
export function exactLines(
  { charges, fees, plans }: Charges,
  { currency, servicePeriod }: { currency: string; servicePeriod: string },
): readonly ExactLine[] {
  const own = charges.filter((charge) => charge.currency === currency);
  const componentOf = ({ planId, componentNo }: Charge): PricePlanComponent | undefined =>
    plans.get(planId)?.components[componentNo];
  const usage = [
    ...own.filter(({ pricedBy }) => pricedBy === 'fact').map((charge) => ratedLine(charge, componentOf(charge))),
    ...groupAggregates(own.filter(({ pricedBy }) => pricedBy === 'aggregate')).flatMap((charge) =>
      aggregateLines(charge, componentOf(charge)),
    ),
  ];
  const planIds = [...new Set([...own.map(({ planId }) => planId), ...fees.map(({ planId }) => planId)])];
  const minimums = planIds.flatMap((planId) => {
    const plan = plans.get(planId);
    const minimum = plan?.components.find((component) => component.kind === 'minimum');
    if (plan?.currency !== currency || minimum === undefined) return [];
    const charged = usage.filter((line) => line.planId === planId).map(({ exact }) => parseDecimal(exact));
    const exact = topUp(minimum.amount, formatDecimal(charged.reduce(addDecimals, ZERO)));
    if (exact === '0') return [];
    return [
      { kind: 'minimum' as const, description: `Up to the minimum of ${minimum.amount}`, planId, exact, facts: 0 },
    ];
  });
  const feeLines = fees
    .filter((fee) => fee.currency === currency)
    .map((fee) => ({ kind: 'fee' as const, description: fee.name, planId: fee.planId, exact: fee.amount, facts: 0 }));
  return [...feeLines, ...usage, ...minimums].map((line) => ({ ...line, servicePeriod }));
}

type UsageLine = Omit<ExactLine, 'servicePeriod'>;

function ratedLine(charge: Charge, component: PricePlanComponent | undefined): UsageLine {
  const { planId, provider, meter, unit, quantity, rated: exact, facts } = charge;
  const common = { planId, provider, meter, unit, exact, facts };
  if (charge.kind === 'cost') {
    const percent = component?.kind === 'markup' ? ` and ${component.percent} %` : '';
    return { ...common, kind: 'pass_through', description: `Cost of ${provider}: ${meter}${percent}` };
  }
  const unitPrice = component?.kind === 'per_unit' ? component.unitPrice : undefined;
  const isOneprice =
    unitPrice !== undefined &&
    compareDecimals(multiplyDecimals(parseDecimal(quantity), parseDecimal(unitPrice)), parseDecimal(exact)) === 0;
  return {
    ...common,
    kind: 'usage',
    description: describe(charge),
    quantity,
    ...(isOneprice ? { unitPrice: formatDecimal(parseDecimal(unitPrice)) } : {}),
  };
}

function aggregateLines(charge: Charge, component: PricePlanComponent | undefined): readonly UsageLine[] {
  if (component === undefined || !isAggregate(component)) return [];
  const { planId, meter, unit, facts } = charge;
  return rateAggregate(component, charge.quantity).lines.map(({ tier, quantity, unitPrice, exact }, index) => ({
    kind: 'usage',
    description: `${describe(charge)}, ${tier}`,
    planId,
    meter,
    unit,
    tier,
    ...(quantity === null ? {} : { quantity }),
    ...(unitPrice === null ? {} : { unitPrice }),
    exact,
    // Which of a month's facts are in which tier nobody can say: they are counted once.
    facts: index === 0 ? facts : 0,
  }));
}

/** A component rates the quantity of its month whatever the providers, unit by unit. */
function groupAggregates(charges: readonly Charge[]): readonly Charge[] {
  const groups = Map.groupBy(charges, ({ planId, componentNo, unit }) => JSON.stringify([planId, componentNo, unit]));
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const all = [first, ...others];
    return [
      {
        ...first,
        provider: new Set(all.map(({ provider }) => provider)).size === 1 ? first.provider : '',
        quantity: formatDecimal(all.map(({ quantity }) => parseDecimal(quantity)).reduce(addDecimals, ZERO)),
        facts: all.reduce((sum, { facts }) => sum + facts, 0),
      },
    ];
  });
}

function describe({ provider, meter }: Charge): string {
  const name = meter.replaceAll('_', ' ');
  return provider === '' ? name : `${name} (${provider})`;
}

/** Numbers the lines and rounds them together: rounding happens here, and nowhere before. Pure. */
export function roundStatement(
  lines: readonly ExactLine[],
  currency: string,
  rule: RoundingRule,
): Pick<EventData<'StatementIssued'>, 'lines' | 'totals'> {
  const exacts = lines.map(({ exact }) => parseDecimal(exact));
  const rounded = roundLines(exacts, currency, rule);
  const total = rounded.total;
  return {
    lines: lines.map((line, index) => ({
      lineNo: index + 1,
      ...line,
      amount: text(rounded.lines[index]?.amount),
      roundingDifference: text(rounded.lines[index]?.roundingDifference),
    })),
    totals: {
      exact: text(exacts.reduce(addDecimals, ZERO)),
      amount: text(total.amount),
      roundingDifference: text(total.roundingDifference),
    },
  };
}

function text(decimal: Decimal | undefined): string {
  return formatDecimal(decimal ?? ZERO);
}
