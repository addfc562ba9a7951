import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../src/domain/decimal.ts';
import { effectiveCostRate, estimateCost } from '../../src/domain/cost-rates.ts';
import type { KnownCostRate } from '../../src/domain/cost-rates.ts';
import { readEventData } from '../../src/domain/events.ts';
import { compareReports } from '../../src/domain/facts.ts';
import type { EventRow } from '../../src/event-store/event-row.ts';
import { readCosts } from '../../src/finance/costs.ts';
import { listEvents, listFigureEvents } from '../../src/finance/events.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { readUsage } from '../../src/finance/usage.ts';
import type { FigureFilter } from '../../src/finance/usage-source.ts';
import { history } from '../projections/history.ts';
import { createProjectedLog } from '../projections/projected-log.ts';
import type { ProjectedLog } from '../projections/projected-log.ts';

const wholeCost = z.looseObject({
  costReport: z.looseObject({ factNames: z.array(z.string()), rank: z.number(), providerTime: z.string() }).optional(),
});

type Shown = Readonly<{ figure: 'usage' | 'cost'; filter: FigureFilter; unit: string; value: string }>;

const DAYS = ['2026-10-31', '2026-11-01', '2026-11-02', '2026-11-03'].map((day) => new Date(`${day}T00:00:00Z`));
const range = { from: new Date('2026-10-31T00:00:00Z'), to: new Date('2026-11-04T00:00:00Z') };

/** Every figure of usage and cost, each with the events that it says are behind it. */
async function readFigures(log: ProjectedLog, position?: bigint) {
  return withReadTransaction(log.database.pool, {}, async (tx) => {
    const models = await readModels(tx);
    const asOf = { position: position ?? models.usage.position, recordedAt: new Date() };
    const filter: FigureFilter = { mode: 'test', range, asOf };
    const source = { model: models.usage, from: 'lines' } as const;
    const query = { source, filter, windowStarts: DAYS, limit: 1_000 };
    const usage = await readUsage(tx, { ...query, groupBy: ['tenant_id', 'provider', 'meter'] });
    const costs = await readCosts(tx, { ...query, groupBy: ['tenant_id', 'provider', 'component'] });
    const scopeOf = ([day, tenantId, provider, meter]: readonly [number, string, string, string, ...string[]]) => ({
      ...filter,
      range: { from: DAYS[day] ?? range.from, to: DAYS[day + 1] ?? range.to },
      tenantIds: [tenantId],
      providers: [provider],
      meters: [meter],
    });
    const shown: readonly Shown[] = [
      ...usage.map(({ key, quantity }) => ({
        figure: 'usage' as const,
        filter: scopeOf(key),
        unit: key[4],
        value: quantity,
      })),
      ...costs.map(({ key, cost }) => ({
        figure: 'cost' as const,
        filter: { ...scopeOf(key), currency: key[5], costStatus: key[6] },
        unit: key[4],
        value: cost,
      })),
    ];
    const page = { order: 'oldest-first', limit: 1_000 } as const;
    const rates = (await listEvents(tx, { upTo: asOf.position, types: ['CostRateSet'] }, page)).map(rateOf);
    const figures: { shown: Shown; events: readonly EventRow[]; rates: readonly KnownCostRate[] }[] = [];
    for (const row of shown) {
      const scope = { ...row.filter, figure: row.figure, unit: row.unit };
      const events = await listFigureEvents(tx, models, scope, page);
      figures.push({ shown: row, events, rates });
    }
    return figures;
  });
}

/**
 * The figure once more, of nothing but the events that the link lists: the winner of each fact, where its thing went; for
 * an estimate, the usage of streams without a cost, by the rate that holds of all, which must be among the events.
 */
function figureOf({ figure, filter }: Shown, events: readonly EventRow[], rates: readonly KnownCostRate[]): string {
  const isEstimate = filter.costStatus === 'estimated';
  const tenants = new Map<string, string>();
  for (const event of events) {
    const moved = event.type === 'StreamTenantMoved' ? Object(event.data).to : undefined;
    tenants.set(event.stream_key, moved ?? tenants.get(event.stream_key) ?? event.tenant_id);
  }
  const reports = events.filter((event) => event.fact_kind === (isEstimate ? 'usage' : figure));
  const costed = new Set(
    events
      .filter(({ fact_kind, data }) => fact_kind === 'cost' || Object(data).costReport !== undefined)
      .map((event) => event.stream_key),
  );
  const facts = [...Map.groupBy(reports, ({ fact_key }) => fact_key).values()];
  const values = facts
    .map((told) => told.toSorted((a, b) => compareReports(orderOf(b), orderOf(a)))[0])
    .filter((winner) => winner !== undefined)
    .filter((winner) => !events.some((event) => isLeftOutBy(event, winner)))
    .filter(({ stream_key }) => filter.tenantIds?.includes(tenants.get(stream_key) ?? ''))
    .filter(({ meter }) => filter.meters?.includes(meter ?? ''))
    .filter(({ occurred_at }) => occurred_at >= filter.range.from && occurred_at < filter.range.to)
    .flatMap((winner) => {
      if (figure === 'usage') return [winner.quantity ?? '0'];
      if (!isEstimate) return winner.currency === filter.currency ? [winner.amount ?? '0'] : [];
      return costed.has(winner.stream_key) ? [] : estimatesOf(winner, events, rates, filter.currency);
    })
    .map(parseDecimal);
  return formatDecimal(values.reduce(addDecimals, ZERO));
}

/** A greater report of what the thing cost in all does not name the cost. */
function isLeftOutBy({ stream_key, data, position }: EventRow, winner: EventRow): boolean {
  if (winner.fact_kind !== 'cost' || stream_key !== winner.stream_key) return false;
  const { costReport } = wholeCost.parse(data);
  if (costReport === undefined) return false;
  const { factNames, rank, providerTime } = costReport;
  const order = { rank, providerTimeMs: Date.parse(providerTime), position: BigInt(position) };
  return (
    !factNames.some((name) => winner.fact_key === `${stream_key}#${name}`) && compareReports(order, orderOf(winner)) > 0
  );
}

function estimatesOf(
  usage: EventRow,
  events: readonly EventRow[],
  rates: readonly KnownCostRate[],
  currency: string | undefined,
): readonly string[] {
  const { provider, account, meter, unit, occurred_at: occurredAt, quantity } = usage;
  const { direction = null, channel = null } = Object(usage.data);
  // Listed from the oldest on, and every report of the fact is behind the figure.
  const first = events.find(({ fact_key }) => fact_key === usage.fact_key);
  const rate = effectiveCostRate(
    rates,
    {
      provider: provider ?? '',
      account: account ?? '',
      meter: meter ?? '',
      unit: unit ?? '',
      direction,
      channel,
      occurredAt,
      firstPosition: BigInt(first?.position ?? '0'),
    },
    2n ** 62n,
  );
  if (rate === undefined || rate.currency !== currency) return [];
  expect(events.map(({ position }) => BigInt(position))).toContain(rate.position);
  return [estimateCost(rate, quantity ?? '0').amount];
}

function rateOf({ position, data }: EventRow): KnownCostRate {
  const { account, unit, direction, channel, validFrom, validTo, ...rate } = readEventData('CostRateSet', 2, data);
  return {
    ...rate,
    position: BigInt(position),
    account: account ?? null,
    unit: unit ?? null,
    direction: direction ?? null,
    channel: channel ?? null,
    validFrom: new Date(validFrom),
    validTo: validTo === undefined ? null : new Date(validTo),
  };
}

function orderOf({ fact_rank, provider_time, position }: EventRow) {
  return { rank: fact_rank ?? 0, providerTimeMs: provider_time?.getTime() ?? 0, position: BigInt(position) };
}

test('every figure can be worked out again from the events that it leads back to, as of every position', async () => {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(history, async (transactions) => {
      const log = await createProjectedLog();
      try {
        const positions: bigint[] = [];
        for (const told of transactions) positions.push(await log.append(told));
        await log.catchUp(500);
        for (const position of [undefined, positions[Math.floor(positions.length / 2)]]) {
          for (const { shown, events, rates } of await readFigures(log, position)) {
            expect({ ...shown, value: figureOf(shown, events, rates) }).toEqual(shown);
            seen += 1;
          }
        }
      } finally {
        await log.close();
      }
    }),
    { numRuns: 10, interruptAfterTimeLimit: 30_000 },
  );
  expect(seen).toBeGreaterThan(0);
});
