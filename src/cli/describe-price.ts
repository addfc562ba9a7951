import type { PricePlanComponent } from '../domain/pricing.ts';

/** One price of a plan in a few words, for lists. */
export function describePrice(component: PricePlanComponent): string {
  switch (component.kind) {
    case 'flat':
      return `${component.amount} a month`;
    case 'recurring':
      return `${component.name} ${component.amount} a ${component.interval}`;
    case 'per_unit':
      return `${component.unitPrice} per ${subject(component)}`;
    case 'markup':
      return `cost${component.provider === undefined ? '' : ` of ${component.provider}`} + ${component.percent} %`;
    case 'graduated':
      return `${subject(component)} graduated (${tiers(component.tiers)})`;
    case 'volume':
      return `${subject(component)} by volume (${tiers(component.tiers)})`;
    case 'package':
      return `${component.price} per ${component.size} ${subject(component)}`;
    case 'included':
      return `${component.quantity} ${subject(component)} included, then ${component.unitPrice} each`;
    case 'minimum':
      return `at least ${component.amount} of usage a month`;
  }
}

type Metered = Extract<PricePlanComponent, { meter: string }>;
type Tiers = Extract<PricePlanComponent, { kind: 'volume' }>['tiers'];

function subject({ meter, provider, direction, channel }: Metered): string {
  return [meter, provider, direction, channel].filter((word) => word !== undefined).join(' ');
}

function tiers(list: Tiers): string {
  return list
    .map(({ upTo, unitPrice, flatFee }) => {
      const fee = flatFee === undefined ? '' : ` + ${flatFee}`;
      return `${upTo === null ? 'beyond' : `to ${upTo}`}: ${unitPrice}${fee}`;
    })
    .join(', ');
}
