import { z } from 'zod';
import { streamKey } from '../../domain/stream.ts';
import { listFxRates } from '../fx/list-fx-rates.ts';
import type { FxRateFilter, ListedFxRate } from '../fx/list-fx-rates.ts';
import { currency } from '../query-parameters.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';
import { zonedTime } from '../zoned-time.ts';

const parameters = { base: currency.optional(), quote: currency.optional() };
type Params = z.output<z.ZodObject<typeof parameters>>;
type Key = [string, string, string];

/** Of each pair and day the rate that holds as of the position. */
export const fxRatesReport = defineReport({
  name: 'fx-rates',
  summary: 'Rates of exchange by pair and day, with who published them',
  parameters,
  range: 'all',
  models: ({ usage }) => [usage],
  columns: [
    { name: 'base', kind: 'text', description: 'One unit of it', cell: (row: ListedFxRate) => row.base },
    { name: 'quote', kind: 'text', description: 'is so many of it', cell: (row) => row.quote },
    { name: 'date', kind: 'text', description: 'On this day', cell: (row) => row.date },
    { name: 'rate', kind: 'decimal', description: 'Exact', cell: (row) => row.rate },
    { name: 'source', kind: 'text', description: 'Who published it', cell: (row) => row.source },
    { name: 'position', kind: 'integer', description: 'Of the event that set it', cell: (row) => row.position },
  ],
  key: z.tuple([z.string(), z.string(), z.iso.date()]),
  keyOf: ({ base, quote, date }): Key => [base, quote, date],
  readRows: (tx, request, { after, limit }) => listFxRates(tx, { ...filterOf(request), after, limit }),
  async readTotals(tx, request) {
    const { upTo, base, quote, from, to } = filterOf(request);
    const { rows } = await tx.query<{ rates: string }>(
      `select count(distinct (base, quote, date))::text as rates from hookledger.fx_rates
       where position <= $1::bigint and ($2::text is null or base = $2::text) and ($3::text is null or quote = $3::text)
         and date >= $4::date and date < $5::date`,
      [String(upTo), base ?? null, quote ?? null, from, to],
    );
    return { rates: rows[0]?.rates ?? '0' };
  },
  eventsOf: ({ base, quote, position }) => ({
    of: 'stream',
    streamKey: streamKey({ kind: 'fx-rate', mode: 'live', externalId: `${base}/${quote}` }),
    upTo: position,
  }),
});

/** Of bounds their local dates, the first one included. */
function filterOf({
  filter,
  params,
  tz,
}: ReportRequest<Params>): Omit<FxRateFilter, 'after' | 'limit'> & Readonly<{ upTo: bigint }> {
  const dateOf = (at: Date) => zonedTime(at, tz).slice(0, 10);
  const { from, to } = filter.range;
  return { upTo: filter.asOf.position, base: params.base, quote: params.quote, from: dateOf(from), to: dateOf(to) };
}
