import { retellMoney } from '../../domain/currency.ts';
import type { Decimal } from '../../domain/decimal.ts';
import { addDecimals, formatDecimal, parseDecimal, subtractDecimals, ZERO } from '../../domain/decimal.ts';
import type { DomainEvent, EventData } from '../../domain/events.ts';
import { factKey } from '../../domain/facts.ts';
import type { RetellEvent } from './retell-event.ts';
import type { Cost } from './retell-shapes.ts';

const NO_COST: Cost = { product_costs: undefined, combined_cost: undefined };

type Component = Readonly<{ component: string; isTransferLeg: boolean; cents: Decimal }>;

/** Costs may still change until the call is analysed: the later report supersedes the earlier one. */
type CostRank = 10 | 15 | 20;

/** One event for each component, so that each is a fact of its own: what the components sum up to is what Retell charges. */
export function costEvents(
  type: 'CallCostReported' | 'ChatCostReported',
  cost: Cost | undefined,
  rank: CostRank,
  { stream, occurredAt, providerTime }: RetellEvent,
): readonly DomainEvent<'CallCostReported' | 'ChatCostReported'>[] {
  return components(cost ?? NO_COST).map(([name, { component, isTransferLeg, cents }]) => {
    const money = retellMoney(formatDecimal(cents));
    return {
      type,
      stream,
      occurredAt,
      data: { component, isTransferLeg, ...money },
      fact: {
        key: factKey(stream, name),
        kind: 'cost',
        rank,
        providerTime,
        meter: component,
        unit: stream.kind,
        ...money,
      },
    };
  });
}

/** Names all that there is a cost of, so that a cost of an earlier report that is not among them falls away. */
export function costReport(
  cost: Cost | undefined,
  rank: CostRank,
  { providerTime }: RetellEvent,
): Pick<EventData<'CallEnded'>, 'costReport'> {
  if (cost === undefined) return {};
  return { costReport: { factNames: components(cost).map(([name]) => name), rank, providerTime } };
}

function components({ product_costs: products, combined_cost: combined }: Cost): readonly [string, Component][] {
  const byName = new Map<string, Component>();
  const add = (component: string, isTransferLeg: boolean, cents: Decimal) => {
    const name = `cost/${encodeURIComponent(component.toWellFormed())}${isTransferLeg ? '/transfer-leg' : ''}`;
    const sum = addDecimals(byName.get(name)?.cents ?? ZERO, cents);
    byName.set(name, { component, isTransferLeg, cents: sum });
  };
  for (const { product, cost, is_transfer_leg_cost: isTransferLeg } of products ?? []) {
    add(product, isTransferLeg ?? false, parseDecimal(cost));
  }
  // A discount, or a product that is not itemised: without it the components would not sum up to the charge.
  const itemised = [...byName.values()].map(({ cents }) => cents).reduce(addDecimals, ZERO);
  const rest = combined === undefined ? ZERO : subtractDecimals(parseDecimal(combined), itemised);
  if (rest.units !== 0n) add('unitemised', false, rest);
  return [...byName];
}
