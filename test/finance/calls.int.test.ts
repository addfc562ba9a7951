import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { DomainEvent } from '../../src/domain/events.ts';
import { factKey } from '../../src/domain/facts.ts';
import type { Mode, Stream } from '../../src/domain/stream.ts';
import { readCalls, readCallTotals } from '../../src/finance/calls.ts';
import type { CallKey, CallQuery } from '../../src/finance/calls.ts';
import { readModels } from '../../src/finance/read-models.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import type { Told } from '../projections/history.ts';
import { createProjectedLog } from '../projections/projected-log.ts';
import type { ProjectedLog } from '../projections/projected-log.ts';

let log: ProjectedLog;
beforeAll(async () => {
  log = await createProjectedLog();
});
afterAll(() => log.close());

/** What webhooks say of one call; each test has a day of its own. */
function story(day: string, { mode = 'live' }: { mode?: Mode } = {}) {
  const streamOf = (provider: 'retell' | 'twilio', id: string): Stream =>
    provider === 'retell'
      ? { kind: 'call', provider, account: 'org_1', mode, externalId: `call_${day}_${id}` }
      : { kind: 'call', provider, account: 'AC1', mode, externalId: `CA_${day}_${id}` };
  const at = (clock: string) => `2026-11-${day}T${clock}.000Z`;
  const told = (event: DomainEvent, tenantId: string): Told => ({ event, tenantId, books: 'platform' });

  function ended(stream: Stream, clock: string, seconds: string, tenantId: string): Told {
    const fact = { key: factKey(stream, 'call_seconds'), kind: 'usage', rank: 10, providerTime: at(clock) } as const;
    const usage = { ...fact, meter: 'call_seconds', unit: 'second', quantity: seconds };
    return told({ type: 'CallEnded', stream, occurredAt: at(clock), data: {}, fact: usage }, tenantId);
  }
  function charged(stream: Stream, clock: string, component: string, amount: string, tenantId: string): Told {
    const money = { amount, currency: 'USD' };
    const key = factKey(stream, `cost/${component}`);
    const fact = { key, kind: 'cost', rank: 20, providerTime: at(clock), meter: component, unit: 'call' } as const;
    const data = { component, isTransferLeg: false, ...money };
    return told(
      { type: 'CallCostReported', stream, occurredAt: at(clock), data, fact: { ...fact, ...money } },
      tenantId,
    );
  }
  return {
    retell: (id: string, tenantId = 'tnt_a'): readonly Told[] => [
      ended(streamOf('retell', id), '09:00:02', '90.25', tenantId),
      charged(streamOf('retell', id), '09:00:02', 'llm', '0.0421', tenantId),
      charged(streamOf('retell', id), '09:00:02', 'tts', '0.014', tenantId),
    ],
    twilio: (id: string, tenantId = 'tnt_a'): readonly Told[] => [
      ended(streamOf('twilio', id), '09:00:00', '92', tenantId),
      charged(streamOf('twilio', id), '09:00:00', 'telephony', '0.0170', tenantId),
    ],
    link: (id: string, legId: string, { tenantId = 'tnt_a', account }: { tenantId?: string; account?: string } = {}) =>
      told(
        {
          type: 'CallLinked',
          stream: streamOf('retell', id),
          occurredAt: at('09:00:02'),
          data: {
            provider: 'twilio',
            callId: streamOf('twilio', legId).externalId,
            ...(account === undefined ? {} : { account }),
          },
        },
        tenantId,
      ),
    moved: (id: string, to: string): Told =>
      told(
        {
          type: 'StreamTenantMoved',
          stream: streamOf('retell', id),
          occurredAt: at('10:00:00'),
          data: { from: 'unassigned', to, reason: 'mapped' },
        },
        to,
      ),
    range: { from: new Date(`2026-11-${day}T00:00:00Z`), to: new Date(`2026-11-${day}T24:00:00Z`) },
  };
}

type Question = Partial<Pick<CallQuery, 'mode' | 'tenantIds' | 'range'>> & {
  reader?: string;
  asOf?: bigint;
  after?: CallKey | undefined;
  limit?: number;
};

async function calls(range: CallQuery['range'], question: Question = {}) {
  const { reader, asOf, after, limit = 100, ...rest } = question;
  return withReadTransaction(log.database.pool, reader === undefined ? {} : { tenantId: reader }, async (tx) => {
    const { usage, calls: model } = await readModels(tx);
    const position = asOf ?? usage.position;
    const query = { usage, calls: model, range, mode: 'live' as const, asOf: { position, recordedAt: new Date() } };
    const rows = await readCalls(tx, { ...query, ...rest, after, limit });
    return { rows, totals: await readCallTotals(tx, { ...query, ...rest }) };
  });
}

/** Row by row: the call, then its figures. */
async function shown(range: CallQuery['range'], question?: Question) {
  const { rows } = await calls(range, question);
  return rows.map(({ key, figures }) => [
    key[1].split('/').at(-1),
    ...figures.map(({ streamKey, tenantId, kind, meter, quantity, cost }) =>
      [streamKey.split('/')[1], tenantId, meter, kind === 'usage' ? quantity : cost].join(' '),
    ),
  ]);
}

const RETELL = ['retell tnt_a llm 0.0421', 'retell tnt_a tts 0.014', 'retell tnt_a call_seconds 90.25'];
const TWILIO = ['twilio tnt_a telephony 0.017', 'twilio tnt_a call_seconds 92'];

describe('one call at two providers', () => {
  test.each([
    ['01', 'before', ['link', 'twilio', 'retell']],
    ['02', 'after', ['twilio', 'retell', 'link']],
    ['03', 'between', ['retell', 'link', 'twilio']],
  ] as const)('is one row with both bills (%s: the link comes %s)', async (day, _when, order) => {
    const { range, ...tell } = story(day);
    for (const what of order) {
      await log.append(what === 'link' ? [tell.link('1', '1')] : tell[what]('1'));
      await log.catchUp(2);
    }
    expect(await shown(range)).toEqual([[`call_${day}_1`, ...RETELL, ...TWILIO]]);
    const { rows, totals } = await calls(range);
    // The telephone rang before the agent was there.
    expect(rows[0]?.startedAt).toEqual(new Date(`2026-11-${day}T09:00:00Z`));
    expect(rows[0]?.links).toEqual([{ provider: 'twilio', account: null, linkedId: `CA_${day}_1` }]);
    expect(totals).toEqual({ calls: '1', cost: [{ amount: '0.0731', currency: 'USD' }], estimated: [] });
  });

  test('is two rows as of a position before the link', async () => {
    const { range, ...tell } = story('04');
    const before = await log.append([...tell.retell('1'), ...tell.twilio('1')]);
    await log.append([tell.link('1', '1')]);
    await log.catchUp(100);
    expect(await shown(range, { asOf: before })).toEqual([
      ['call_04_1', ...RETELL],
      ['CA_04_1', ...TWILIO],
    ]);
    expect(await shown(range)).toHaveLength(1);
  });

  test('without one side is a row with the other, and so is a call that nothing links', async () => {
    const { range, ...tell } = story('05');
    await log.append([...tell.retell('1'), tell.link('1', '1'), ...tell.twilio('2'), tell.link('2', '2')]);
    await log.append([...tell.retell('3'), ...tell.twilio('4')]);
    await log.catchUp(100);
    const rows = await shown(range);
    expect(rows).toHaveLength(4);
    expect(rows).toEqual(
      expect.arrayContaining([
        ['call_05_1', ...RETELL],
        ['call_05_2', ...TWILIO],
        ['call_05_3', ...RETELL],
        ['CA_05_4', ...TWILIO],
      ]),
    );
  });

  test('counts a leg that two calls name once, with the call that named it first', async () => {
    const { range, ...tell } = story('06');
    await log.append([...tell.retell('2'), ...tell.retell('1'), tell.link('2', '1'), tell.link('1', '1')]);
    await log.append(tell.twilio('1'));
    await log.catchUp(100);
    const rows = await shown(range);
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(
      expect.arrayContaining([
        ['call_06_2', ...RETELL, ...TWILIO],
        ['call_06_1', ...RETELL],
      ]),
    );
    expect((await calls(range)).totals.cost).toEqual([{ amount: '0.1292', currency: 'USD' }]);
  });

  test('never joins live with test, nor what is of another account than the link says', async () => {
    const { range, ...tell } = story('07');
    const trial = story('07', { mode: 'test' });
    await log.append([...tell.twilio('1'), ...trial.retell('1'), trial.link('1', '1')]);
    await log.append([...tell.retell('2'), ...tell.twilio('2'), tell.link('2', '2', { account: 'AC2' })]);
    await log.append([...tell.retell('3'), ...tell.twilio('3'), tell.link('3', '3', { account: 'AC1' })]);
    await log.catchUp(100);
    expect((await shown(range)).map(([id]) => id).toSorted()).toEqual(['CA_07_1', 'CA_07_2', 'call_07_2', 'call_07_3']);
    expect(await shown(range, { mode: 'test' })).toEqual([['call_07_1', ...RETELL]]);
  });

  test('that starts before the range with one leg is not in it, and is never cut in two', async () => {
    const { range, ...tell } = story('08');
    await log.append([...tell.retell('1'), ...tell.twilio('1'), tell.link('1', '1')]);
    await log.catchUp(100);
    const at = new Date('2026-11-08T09:00:01Z');
    expect(await shown({ from: at, to: range.to })).toEqual([]);
    expect(await shown({ from: range.from, to: at })).toEqual([['call_08_1', ...RETELL, ...TWILIO]]);
  });
});

describe('a call of two tenants', () => {
  test('is shown as a whole to who may see both, under either; to each tenant only what is its own', async () => {
    const { range, ...tell } = story('10');
    await log.append([...tell.retell('1'), tell.link('1', '1'), ...tell.twilio('1', 'unassigned')]);
    await log.append([...tell.retell('2'), tell.link('2', '2'), ...tell.twilio('2', 'tnt_b')]);
    await log.catchUp(100);
    const leg = (tenantId: string) => TWILIO.map((figure) => figure.replace('tnt_a', tenantId));
    const first = ['call_10_1', ...RETELL, ...leg('unassigned')];
    const second = ['call_10_2', ...RETELL, ...leg('tnt_b')];
    expect(await shown(range)).toEqual([second, first]);
    expect(await shown(range, { tenantIds: ['unassigned'] })).toEqual([first]);
    expect(await shown(range, { tenantIds: ['tnt_b'] })).toEqual([second]);
    expect(await shown(range, { tenantIds: ['tnt_a'] })).toEqual([second, first]);

    expect(await shown(range, { reader: 'tnt_a' })).toEqual([
      ['call_10_2', ...RETELL],
      ['call_10_1', ...RETELL],
    ]);
    expect(await shown(range, { reader: 'tnt_b' })).toEqual([['CA_10_2', ...leg('tnt_b')]]);
  });

  test('is linked for the tenant that it moved to, too', async () => {
    const { range, ...tell } = story('11');
    await log.append([...tell.retell('1', 'unassigned'), tell.link('1', '1', { tenantId: 'unassigned' })]);
    await log.append(tell.twilio('1'));
    await log.append([tell.moved('1', 'tnt_a')]);
    await log.catchUp(1);
    const whole = [['call_11_1', ...RETELL, ...TWILIO]];
    expect(await shown(range)).toEqual(whole);
    expect(await shown(range, { reader: 'tnt_a' })).toEqual(whole);
  });
});

test('pages go on where the one before ended, the latest call first', async () => {
  const { range, ...tell } = story('12');
  await log.append([...tell.retell('1'), ...tell.twilio('1'), tell.link('1', '1')]);
  await log.append([...tell.twilio('2'), ...tell.retell('3'), ...tell.retell('4')]);
  await log.catchUp(100);
  const seen: CallKey[] = [];
  for (let after: CallKey | undefined; ; after = seen.at(-1)) {
    const { rows, totals } = await calls(range, { after, limit: 1 });
    expect(totals.calls).toBe('4');
    if (rows[0] === undefined) break;
    seen.push(rows[0].key);
  }
  expect(seen.map(([, key]) => key.split('/').at(-1))).toEqual(['call_12_4', 'call_12_3', 'CA_12_2', 'call_12_1']);
});
