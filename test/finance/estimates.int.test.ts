import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { factKey } from '../../src/domain/facts.ts';
import type { Stream } from '../../src/domain/stream.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { readCosts, readCostTotals } from '../../src/finance/costs.ts';
import { readPending } from '../../src/finance/pending.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { setCostRate } from '../../src/tenants/set-cost-rate.ts';
import type { Told } from '../projections/history.ts';
import { createProjectedLog } from '../projections/projected-log.ts';
import type { ProjectedLog } from '../projections/projected-log.ts';

let log: ProjectedLog;
beforeAll(async () => {
  log = await createProjectedLog();
});
afterAll(() => log.close());

const occurredAt = '2026-11-02T09:00:00.000Z';
const streamOf = (externalId: string): Stream => ({
  kind: 'call',
  provider: 'twilio',
  account: 'AC1',
  mode: 'live',
  externalId,
});

function call(id: string, direction: string): Told {
  const stream = streamOf(id);
  const key = factKey(stream, 'call_seconds');
  const fact = {
    key,
    kind: 'usage' as const,
    rank: 10,
    providerTime: occurredAt,
    meter: 'call_seconds',
    unit: 'second',
  };
  return {
    event: { type: 'CallEnded', stream, occurredAt, data: { direction }, fact: { ...fact, quantity: '60' } },
    tenantId: 'tnt_a',
    books: 'platform',
  };
}

function cost(id: string, amount: string): Told {
  const stream = streamOf(id);
  const money = { amount, currency: 'USD' };
  const fact = { key: factKey(stream, 'cost/telephony'), kind: 'cost' as const, rank: 10, providerTime: occurredAt };
  return {
    event: {
      type: 'CallCostReported',
      stream,
      occurredAt,
      data: { component: 'telephony', isTransferLeg: false, ...money },
      fact: { ...fact, meter: 'telephony', unit: 'call', ...money },
    },
    tenantId: 'tnt_a',
    books: 'platform',
  };
}

/** As people set it: the command appends and folds in one transaction; the projection comes behind. */
async function setRate(unitCost: string, options: { direction?: string; reprice?: boolean } = {}): Promise<bigint> {
  const { pool } = log.database;
  const clock = { now: () => new Date('2026-11-20T00:00:00Z') };
  const rate = { provider: 'twilio', meter: 'call_seconds', currency: 'USD', validFrom: '2026-11-01T00:00:00Z' };
  await setCostRate({ pool, appendEvents, clock, newId: () => uuidv7() }, { ...rate, ...options, unitCost });
  const { rows } = await log.database.adminPool.query<{ position: string }>(
    'select max(position) as position from hookledger.cost_rates',
  );
  return BigInt(rows[0]?.position ?? '0');
}

async function costsAsOf(position?: bigint) {
  return withReadTransaction(log.database.pool, {}, async (tx) => {
    const { usage: model } = await readModels(tx);
    const range = { from: new Date('2026-11-01T00:00:00Z'), to: new Date('2026-12-01T00:00:00Z') };
    const asOf = { position: position ?? model.position, recordedAt: new Date() };
    const filter = { mode: 'live' as const, range, asOf };
    const source = { model, from: position === undefined ? ('sums' as const) : ('lines' as const) };
    const rows = await readCosts(tx, {
      source,
      filter,
      windowStarts: [range.from],
      groupBy: ['component'],
      limit: 100,
    });
    const { uncostedEvents } = await readPending(tx, { reader: {}, source, filter });
    const { estimated } = await readCostTotals(tx, { source, filter });
    return {
      rows: rows.map(({ key, cost: amount }) => `${key[3]} ${key[6]} ${amount}`),
      uncosted: uncostedEvents,
      estimated: estimated.map(({ amount }) => amount),
    };
  });
}

describe('cost', () => {
  test('goes from unknown to estimated to final, and every position keeps what was known then', async () => {
    const used = await log.append([call('CA1', 'inbound'), call('CA2', 'outbound')]);
    const rated = await setRate('0.0001');
    const kept = await setRate('0.0005', { direction: 'outbound' });
    const outbound = await setRate('0.0005', { direction: 'outbound', reprice: true });
    const final = await log.append([cost('CA2', '0.028')]);
    const late = await log.append([cost('CA3', '0.01'), call('CA3', 'inbound')]);
    await log.catchUp(3);

    expect(await costsAsOf(used)).toEqual({ rows: [], uncosted: '2', estimated: [] });
    expect(await costsAsOf(rated)).toEqual({
      rows: ['call_seconds estimated 0.012'],
      uncosted: '0',
      estimated: ['0.012'],
    });
    expect(await costsAsOf(kept)).toMatchObject({ rows: ['call_seconds estimated 0.012'], uncosted: '0' });
    expect(await costsAsOf(outbound)).toMatchObject({ rows: ['call_seconds estimated 0.036'], uncosted: '0' });
    expect(await costsAsOf(final)).toMatchObject({
      rows: ['call_seconds estimated 0.006', 'telephony final 0.028'],
      uncosted: '0',
    });
    const now = {
      rows: ['call_seconds estimated 0.006', 'telephony final 0.038'],
      uncosted: '0',
      estimated: ['0.006'],
    };
    expect(await costsAsOf(late)).toEqual(now);
    expect(await costsAsOf()).toEqual(now);
  });
});
