import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import { foldStreamAt } from '../../src/replay/fold-stream-at.ts';
import type { ProjectedLog } from '../projections/projected-log.ts';
import { createProjectedLog } from '../projections/projected-log.ts';
import { endedCall, plan } from './told.ts';

let log: ProjectedLog;
beforeEach(async () => {
  log = await createProjectedLog();
});
afterEach(() => log.close());

const CALL = 'call/retell/org_1/live/1';
const foldAt = (position: bigint) =>
  withReadTransaction(log.database.pool, {}, (tx) => foldStreamAt(tx, CALL, position));

async function priceAt(position: bigint): Promise<unknown> {
  const [usage] = await foldAt(position);
  const [fact] = usage?.tables['usage_facts'] ?? [];
  return fact && { quantity: fact['quantity'], rated: fact['rated'], plan: fact['plan_id'] };
}

test('a stream is shown as it was at each position, by what had been said by then', async () => {
  const before = await log.append([endedCall('2', 'tnt_a', '10')]);
  const called = await log.append([endedCall('1', 'tnt_a', '60')]);
  const planned = await log.append([plan('tnt_a')]);
  expect(await foldAt(before)).toEqual([]);
  expect(await priceAt(called)).toEqual({ quantity: '60', rated: null, plan: null });
  expect(await priceAt(planned)).toEqual({ quantity: '60', rated: '0.15', plan: 'basic' });
});

test('what is shown is what the live fold has written', async () => {
  const last = await log.append([plan('tnt_a'), endedCall('1', 'tnt_a', '60')]);
  await log.catchUp(500);
  const [usage, ...others] = await foldAt(last);
  expect(others).toEqual([]);
  expect(usage).toMatchObject({ projection: 'usage', foldVersion: 1, events: 1 });
  for (const table of ['usage_facts', 'usage_lines']) {
    const { rows } = await log.database.adminPool.query(
      `select a.* from json_populate_recordset(null::hookledger.${table}_v1, $1::json) a
       except all select * from hookledger.${table}_v1 where fact_key like $2::text || '%'`,
      [JSON.stringify(usage?.tables[table]), CALL],
    );
    expect(rows).toEqual([]);
    expect(usage?.tables[table]).toHaveLength(1);
  }
});
