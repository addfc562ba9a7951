import type { Money } from '../domain/currency.ts';
import { compareDecimals, parseDecimal } from '../domain/decimal.ts';
import type { RecordedEvent, RecordedFact } from '../domain/envelope.ts';
import { readEventData } from '../domain/events.ts';
import type { Books, Mode } from '../domain/stream.ts';

/** What a tenant's plan charges for a fact or an estimate. All of it null where no component of a plan speaks of it. */
export type UsagePrice = Readonly<{
  /** An amount of its own; null where only the quantity of its month is rated. */
  rated: Money | null;
  planId: string | null;
  pricedBy: 'fact' | 'aggregate' | null;
  /** Index of the component in the plan. */
  componentNo: number | null;
}>;

export const UNPRICED: UsagePrice = { rated: null, planId: null, pricedBy: null, componentNo: null };

/** What a usage costs by a cost rate, while the provider has reported no cost of its own. Priced like a cost. */
export type UsageEstimate = Readonly<{
  cost: Money;
  /** Of the event that set the rate. */
  ratePosition: bigint;
}> &
  UsagePrice;

/** A usage or cost fact as its greatest report so far tells it, with the price of its tenant's plan. */
export type UsageFact = Readonly<{
  factKey: string;
  kind: 'usage' | 'cost';
  streamKey: string;
  tenantId: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  meter: string;
  unit: string;
  /** What a cost rate may ask of a usage. */
  direction: string | null;
  channel: string | null;
  occurredAt: Date;
  rank: number;
  providerTime: Date;
  position: bigint;
  eventId: string;
  /** Of its first report. */
  firstPosition: bigint;
  /** Since when it is this tenant's: of its first report, or of the move that brought it. */
  tenantSince: bigint;
  quantity: string | null;
  cost: Money | null;
  /** Its greatest report is one of the whole cost that leaves it out: it counts nothing. */
  isRetired: boolean;
  /** The provider has reported a cost in the fact's stream: nothing is estimated any more. */
  isCostFinal: boolean;
  estimate: UsageEstimate | null;
  /**
   * How often a report and the greatest one so far disagreed on what was used or what it cost. Above 0 exactly if the
   * reports do not all agree, in whatever order they came; how far above depends on the order.
   */
  differingReports: number;
}> &
  UsagePrice;

/** What an event reports of a usage or cost fact, not yet priced; undefined when it reports none. */
export function readUsageReport(event: RecordedEvent): UsageFact | undefined {
  const { fact } = event;
  if (fact === undefined || (fact.kind !== 'usage' && fact.kind !== 'cost')) return undefined;
  return {
    factKey: fact.key,
    kind: fact.kind,
    streamKey: event.streamKey,
    tenantId: event.tenantId,
    provider: event.provider ?? '',
    account: event.account ?? '',
    mode: event.mode,
    books: event.books,
    meter: fact.meter,
    unit: fact.unit,
    ...dimensions(event, fact),
    occurredAt: event.occurredAt,
    rank: fact.rank,
    providerTime: fact.providerTime,
    position: event.position,
    eventId: event.eventId,
    firstPosition: event.position,
    tenantSince: event.position,
    quantity: fact.quantity ?? null,
    cost: readCost(fact),
    ...UNPRICED,
    isRetired: false,
    isCostFinal: fact.kind === 'cost',
    estimate: null,
    differingReports: 0,
  };
}

function dimensions(event: RecordedEvent, { kind }: RecordedFact): Pick<UsageFact, 'direction' | 'channel'> {
  if (kind !== 'usage') return { direction: null, channel: null };
  const data = readEventData(event.type, event.schemaVersion, event.data);
  return {
    direction: ('direction' in data ? data.direction : undefined) ?? null,
    channel: ('channel' in data ? data.channel : undefined) ?? null,
  };
}

function readCost({ amount, currency }: RecordedFact): Money | null {
  return amount === undefined || currency === undefined ? null : { amount, currency };
}

/** Times do not count: two types may date one fact from its start and from its end. */
export function isSameUsage(a: UsageFact, b: UsageFact): boolean {
  return (
    a.kind === b.kind &&
    a.meter === b.meter &&
    a.unit === b.unit &&
    isSameDecimal(a.quantity, b.quantity) &&
    isSameDecimal(a.cost?.amount, b.cost?.amount) &&
    a.cost?.currency === b.cost?.currency
  );
}

function isSameDecimal(a: string | null | undefined, b: string | null | undefined): boolean {
  return compareDecimals(parseDecimal(a ?? '0'), parseDecimal(b ?? '0')) === 0;
}
