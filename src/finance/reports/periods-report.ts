import { z } from 'zod';
import { streamKey } from '../../domain/stream.ts';
import { EVERYTHING, readPeriods } from '../periods/read-periods.ts';
import type { PeriodStep } from '../periods/read-periods.ts';
import { furthestBehind } from '../read-models.ts';
import { defineReport } from '../report.ts';
import type { ReportRequest } from '../report.ts';

/** Months that anybody ever closed. A month that is not among them is open. */
export const periodsReport = defineReport({
  name: 'periods',
  summary: 'Months of the books: closed, reopened, refused; a month that is not listed is open',
  parameters: {},
  range: 'all',
  models: ({ usage, payments, invoices }) => [usage, payments, invoices],
  columns: [
    { name: 'period', kind: 'text', description: 'The month', cell: (row: PeriodStep) => row.period },
    { name: 'tz', kind: 'text', description: 'The zone that its days are of', cell: (row) => row.tz },
    { name: 'from', kind: 'time', description: 'Its beginning', cell: (row) => row.from },
    { name: 'to', kind: 'time', description: 'Its end, excluded', cell: (row) => row.to },
    { name: 'state', kind: 'text', description: 'closing, closed, refused or reopened', cell: (row) => row.state },
    { name: 'revision', kind: 'integer', description: 'One more after each reopening', cell: (row) => row.revision },
    { name: 'cut_off', kind: 'integer', description: 'Facts above this position are late', cell: (row) => row.cutOff },
    { name: 'decided_at', kind: 'time', description: 'When its last step was recorded', cell: (row) => row.recordedAt },
    { name: 'event_id', kind: 'text', description: 'The event of that step', cell: (row) => row.eventId },
  ],
  key: z.string(),
  keyOf: ({ period }) => period,
  readRows: async (tx, request, { after, limit }) =>
    (await readPeriods(tx, standsAt(request)))
      .filter(({ period }) => after === undefined || period > after)
      .slice(0, limit),
  readTotals: async (tx, request) => ({
    closed: (await readPeriods(tx, standsAt(request))).filter(({ state }) => state === 'closed').length,
  }),
  eventsOf: ({ period, position }) => ({ of: 'stream', streamKey: periodStreamKey(period), upTo: position }),
});

function periodStreamKey(period: string): string {
  return streamKey({ kind: 'period', mode: 'live', externalId: period });
}

/** A step is there with its event; as of now nobody waits for a read model to reach it. */
function standsAt({ asOf, models }: Pick<ReportRequest<unknown>, 'asOf' | 'models'>): bigint {
  const { position } = furthestBehind([models.usage, models.payments, models.invoices]);
  return asOf.position < position ? asOf.position : EVERYTHING;
}
