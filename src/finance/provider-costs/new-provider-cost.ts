import { z } from 'zod';
import { formatDecimal, parseDecimal } from '../../domain/decimal.ts';
import { catalogue } from '../../domain/events.ts';
import type { EventData } from '../../domain/events.ts';
import { word } from '../../tenants/parse-command.ts';
import type { CsvRecord } from '../imports/read-csv.ts';

/** A date is its first moment in UTC. */
const moment = z
  .union(
    [z.iso.date().transform((date) => `${date}T00:00:00Z`), z.iso.datetime({ offset: true, error: 'is no time' })],
    'is neither a date (2026-10-01) nor an RFC 3339 time (2026-10-01T00:00:00+02:00)',
  )
  .transform((time) => new Date(time).toISOString());

const entered = catalogue.ProviderCostEntered.data;

/** What a person enters, made the same however it is written: `10.00` is `10`, and a date is a time. */
export const newProviderCost = entered.safeExtend({
  costId: word,
  provider: word,
  account: word.optional(),
  component: word,
  amount: entered.shape.amount.transform((amount) => formatDecimal(parseDecimal(amount))),
  periodFrom: moment,
  periodTo: moment,
  reference: word.optional(),
  by: word,
});

export type NewProviderCost = EventData<'ProviderCostEntered'>;

export const COST_COLUMNS = {
  needed: [
    'cost_id',
    'provider',
    'category',
    'component',
    'amount',
    'currency',
    'period_from',
    'period_to',
    'allocation',
  ],
  optional: ['account', 'description', 'tenant_id', 'seats', 'meter', 'reference'],
} as const;

/** A line of a file as the command takes it. `allocation` is the key; its own columns are tenant_id, seats or meter. */
export function costOfCells(cells: CsvRecord['cells'], by: string): Readonly<Record<string, unknown>> {
  return {
    costId: cells['cost_id'],
    provider: cells['provider'],
    account: cells['account'],
    category: cells['category'],
    component: cells['component'],
    description: cells['description'],
    amount: cells['amount'],
    currency: cells['currency'],
    periodFrom: cells['period_from'],
    periodTo: cells['period_to'],
    allocation: {
      key: cells['allocation'],
      ...(cells['tenant_id'] === undefined ? {} : { tenantId: cells['tenant_id'] }),
      ...(cells['seats'] === undefined ? {} : { seats: cells['seats'].split(';').map(seatsOf) }),
      ...(cells['meter'] === undefined ? {} : { meter: cells['meter'] }),
    },
    reference: cells['reference'],
    by,
  };
}

/** `tnt_1=3`. What is none, the schema refuses. */
export function seatsOf(text: string): Readonly<{ tenantId: string; seats: number }> {
  const [, tenantId = '', seats = ''] = /^\s*([^=]*?)\s*=\s*(\d{1,9})\s*$/.exec(text) ?? [];
  // oxlint-disable-next-line money/no-binary-float -- a count, no money
  return { tenantId, seats: Number(seats) };
}
