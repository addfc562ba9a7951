import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readEventData } from '../../../src/domain/events.ts';
import { convertAmount, findFxRates, isMissing } from '../../../src/finance/fx/find-fx-rates.ts';
import { foldFxRates } from '../../../src/finance/fx/fold-fx-rates.ts';
import { importFxRates, setFxRate } from '../../../src/finance/fx/set-fx-rates.ts';
import { withReadTransaction } from '../../../src/finance/read-transaction.ts';
import { fxRatesReport } from '../../../src/finance/reports/fx-rates-report.ts';
import { withTransaction } from '../../../src/platform/postgres.ts';
import { openBooks } from '../books.ts';
import type { Books } from '../books.ts';

let books: Books;
beforeAll(async () => {
  books = await openBooks({ tenants: ['tnt_a'], now: '2026-11-03T09:00:00Z' });
});
afterAll(() => books.close());

const rate = { base: 'USD', quote: 'EUR', rate: '0.9213', date: '2026-10-30', source: 'ECB' };
const set = (change: Partial<typeof rate> = {}) => setFxRate(books.deps, { ...rate, ...change });
const LATEST = 10n ** 17n;

async function find(from: string, to: string, day: string, position = LATEST) {
  const found = await withReadTransaction(books.deps.pool, {}, (tx) =>
    findFxRates(tx, { from: [from], to, day, position }),
  );
  return found.get(from);
}

async function lastPosition(): Promise<bigint> {
  const { rows } = await books.database.adminPool.query<{ position: string }>(
    'select max(position) as position from hookledger.fx_rates',
  );
  return BigInt(rows[0]?.position ?? '0');
}

describe('a rate of exchange', () => {
  test('is set once, and replaced for its day from there on', async () => {
    expect(await set()).toEqual({ set: true });
    expect(await set({ rate: '0.92130' })).toEqual({ set: false });
    const before = await lastPosition();
    expect(await set({ rate: '0.93' })).toEqual({ set: true });
    expect(await find('USD', 'EUR', '2026-10-30')).toMatchObject({ rate: '0.93', source: 'ECB' });
    expect(await find('USD', 'EUR', '2026-10-30', before)).toMatchObject({ rate: '0.9213' });
    expect(await set()).toEqual({ set: true });
  });

  test.each([
    ['zero', { rate: '0.000' }, 'rate'],
    ['below zero', { rate: '-1' }, 'rate'],
    ['13 decimals', { rate: '0.1234567890123' }, 'rate'],
    ['an exponent', { rate: '1e3' }, 'rate'],
    ['of a currency in itself', { quote: 'USD' }, 'quote'],
    ['of no currency', { base: 'usd' }, 'base'],
    ['of no day', { date: '2026-02-30' }, 'date'],
    ['of nobody', { source: ' ' }, 'source'],
  ])('%s is refused', async (_what, change, field) => {
    await expect(set(change)).rejects.toMatchObject({
      code: 'invalid_command',
      message: expect.stringContaining(field),
    });
  });

  test('serves its day and the week after it, and no day before it', async () => {
    expect(await find('USD', 'EUR', '2026-11-06')).toEqual({
      from: 'USD',
      to: 'EUR',
      rate: '0.9213',
      date: '2026-10-30',
      source: 'ECB',
    });
    expect(await find('USD', 'EUR', '2026-11-07')).toEqual({
      from: 'USD',
      to: 'EUR',
      reason: 'fx_missing',
      day: '2026-11-07',
    });
    expect(await find('USD', 'EUR', '2026-10-29')).toMatchObject({ reason: 'fx_missing' });
    await set({ date: '2026-11-02', rate: '0.95' });
    expect(await find('USD', 'EUR', '2026-11-01')).toMatchObject({ rate: '0.9213' });
    expect(await find('USD', 'EUR', '2026-11-07')).toMatchObject({ rate: '0.95', date: '2026-11-02' });
  });

  test('is of just its pair, neither turned round nor chained; a currency is one of itself', async () => {
    await set({ base: 'EUR', quote: 'GBP', rate: '0.85' });
    expect(await find('EUR', 'USD', '2026-10-30')).toMatchObject({ reason: 'fx_missing' });
    expect(await find('USD', 'GBP', '2026-10-30')).toMatchObject({ reason: 'fx_missing' });
    expect(await find('EUR', 'EUR', '2026-10-30')).toMatchObject({ rate: '1', source: 'identity' });
  });

  test('converts exactly', async () => {
    const found = await find('USD', 'EUR', '2026-10-30');
    if (found === undefined || isMissing(found)) throw new Error('no rate');
    expect(convertAmount('123456789.000000000001', found)).toEqual({
      amount: '113740739.7057000000009213',
      currency: 'EUR',
    });
  });
});

describe('a file of rates', () => {
  const head = 'date,base,quote,rate,source\n';

  test('is set as a whole, only what is not there already', async () => {
    const file = `${head}2026-09-01,USD,EUR,0.9,ECB\n2026-09-02,USD,EUR,0.91,ECB\n2026-09-02,USD,EUR,0.91,ECB\n`;
    expect(await importFxRates(books.deps, file)).toEqual({ set: 2, unchanged: 0 });
    expect(await importFxRates(books.deps, `${file}2026-09-03,USD,EUR,0.92,ECB\n`)).toEqual({ set: 1, unchanged: 2 });
  });

  test('with bad lines is refused as a whole, and names every one', async () => {
    const file = [
      '2026-08-01,USD,EUR,0.9,ECB',
      '2026-08-02,USD,USD,1,ECB',
      '2026-08-32,USD,EUR,0,ECB',
      '2026-08-01,USD,EUR,0.8,ECB',
      '2026-08-04,,EUR,0.8,ECB',
    ];
    await expect(importFxRates(books.deps, head + file.join('\n'))).rejects.toMatchObject({
      code: 'import_refused',
      problems: [
        { line: 3, reason: expect.stringContaining('same currency') },
        { line: 4, reason: expect.stringContaining('rate') },
        { line: 4, reason: expect.stringContaining('date') },
        { line: 5, reason: expect.stringContaining('USD/EUR on 2026-08-01 than line 2') },
        { line: 6, reason: expect.stringContaining('base') },
      ],
    });
    expect(await find('USD', 'EUR', '2026-08-01')).toMatchObject({ reason: 'fx_missing' });
  });
});

test('the rates that hold are listed by pair and day, of a range of days and as of a position', async () => {
  await books.fold();
  const { rows, totals } = await books.ask(fxRatesReport, { base: 'USD', from: '2026-09-02', to: '2026-10-31' });
  expect(rows).toMatchObject([
    { base: 'USD', quote: 'EUR', date: '2026-09-02', rate: '0.91', source: 'ECB' },
    { date: '2026-09-03', rate: '0.92' },
    { date: '2026-10-30', rate: '0.9213' },
  ]);
  expect(totals).toEqual({ rates: '3' });
  expect((await books.ask(fxRatesReport, { quote: 'GBP' })).rows).toMatchObject([{ base: 'EUR', rate: '0.85' }]);
  expect((await books.ask(fxRatesReport, { as_of: String(rows[0]?.['position']), quote: 'EUR' })).totals).toEqual({
    rates: '4',
  });
});

test('the table of rates is the same when the events are folded again', async () => {
  const { adminPool } = books.database;
  const contents = async () =>
    (await adminPool.query('select t::text from hookledger.fx_rates t order by position')).rows;
  const before = await contents();
  expect(before.length).toBeGreaterThan(6);
  const { rows } = await adminPool.query<{ version: number; position: string; data: unknown }>(
    `select schema_version as version, position, data from hookledger.events where type = 'FxRateSet' order by position`,
  );
  await adminPool.query('truncate hookledger.fx_rates');
  for (let time = 0; time < 2; time += 1) {
    await withTransaction(books.deps.pool, { tenant: '*' }, (tx) =>
      foldFxRates(tx, {
        positions: rows.map(({ position }) => BigInt(position)),
        rates: rows.map(({ version, data }) => readEventData('FxRateSet', version, data)),
      }),
    );
    expect(await contents()).toEqual(before);
  }
});
