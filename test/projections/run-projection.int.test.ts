import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { NewEvent } from '../../src/domain/envelope.ts';
import { appendEvents } from '../../src/event-store/append-events.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { readActiveCheckpoint } from '../../src/projections/checkpoint.ts';
import type { Projection } from '../../src/projections/projection.ts';
import { createProjectionRunner } from '../../src/projections/run-projection.ts';
import type { ProjectionRunner } from '../../src/projections/run-projection.ts';
import { usageProjection } from '../../src/projections/usage-projection.ts';
import { factKey } from '../../src/domain/facts.ts';
import type { Stream } from '../../src/domain/stream.ts';
import type { Told } from './history.ts';
import { createProjectedLog } from './projected-log.ts';
import type { ProjectedLog } from './projected-log.ts';

let log: ProjectedLog;

beforeEach(async () => {
  log = await createProjectedLog();
});

afterEach(async () => {
  await log.close();
});

function endedCall(id: string): Told {
  const stream: Stream = { kind: 'call', provider: 'retell', account: 'org_1', mode: 'test', externalId: id };
  const occurredAt = '2026-11-02T09:00:00.000Z';
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
    event: { type: 'CallEnded', stream, occurredAt, data: {}, fact: { ...fact, quantity: '60' } },
    tenantId: 'tnt_a',
    books: 'platform',
  };
}

function newEvent(id: string): NewEvent {
  return { ...endedCall(id), eventId: randomUUID(), correlationId: randomUUID() };
}

function noted(): Told {
  const stream: Stream = {
    kind: 'provider-object',
    provider: 'stripe',
    account: 'acct_1',
    mode: 'test',
    externalId: 'x',
  };
  const data = { providerType: 'product.created', reason: 'kept' as const };
  return {
    event: { type: 'ProviderEventReceived', stream, occurredAt: '2026-11-02T09:00:00.000Z', data },
    tenantId: 'tnt_a',
    books: 'platform',
  };
}

function runner(options: { projection?: Projection; batchSize?: number; logged?: string[] } = {}): ProjectionRunner {
  const { projection = usageProjection, batchSize = 500, logged = [] } = options;
  const logger = createLogger({ level: 'debug' }, { write: (line) => void logged.push(line) });
  return createProjectionRunner({ pool: log.database.pool, projection, logger, clock: systemClock, batchSize });
}

async function foldedCalls(): Promise<readonly string[]> {
  const { rows } = await log.database.adminPool.query<{ fact_key: string }>(
    'select fact_key from hookledger.usage_lines_v1 order by position, line_no',
  );
  return rows.map((row) => decodeURIComponent(row.fact_key).replace(/^.*\/(.*)#.*$/, '$1'));
}

async function checkpoint(name: string): Promise<bigint> {
  const { rows } = await log.database.adminPool.query<{ position: string }>(
    'select position from hookledger.projection_checkpoints where name = $1::text and version = 1',
    [name],
  );
  return BigInt(rows[0]?.position ?? '-1');
}

describe('a tick', () => {
  test('folds one batch and leaves the checkpoint at its last event; the last one reaches the mark', async () => {
    const usage = runner({ batchSize: 2 });
    await usage.tick();
    const last = await log.append(['1', '2', '3'].map(endedCall));
    const mark = await log.append([noted()]);
    expect(await usage.tick()).toEqual({ moved: true, position: last - 1n, events: 2 });
    expect(await foldedCalls()).toEqual(['1', '2']);
    expect(await usage.tick()).toEqual({ moved: true, position: mark, events: 1 });
    expect(await foldedCalls()).toEqual(['1', '2', '3']);
    expect(await usage.tick()).toEqual({ moved: false, position: mark, events: 0 });
    expect(await checkpoint('usage')).toBe(mark);
  });

  test('does not wait for the tracker to write the mark', async () => {
    const position = await log.append([endedCall('1')]);
    await log.database.adminPool.query('update hookledger.high_water_mark set position = 0');
    expect(await runner().tick()).toEqual({ moved: true, position, events: 1 });
  });

  test('reads nothing above a position that an appender may still fill', async () => {
    const mark = await log.append([endedCall('1')]);
    const late = await log.database.pool.connect();
    await late.query('begin');
    await appendEvents(late, [newEvent('late')]);
    const [above] = await withTransaction(log.database.pool, { tenant: '*' }, (tx) =>
      appendEvents(tx, [newEvent('2')]),
    );
    const usage = runner();
    expect(await usage.tick()).toEqual({ moved: true, position: mark, events: 1 });
    await late.query('commit');
    late.release();
    expect(await usage.tick()).toEqual({ moved: true, position: above?.position, events: 2 });
    expect(await foldedCalls()).toEqual(['1', 'late', '2']);
  });

  test('beside others, in whatever processes, folds every event once and in order', async () => {
    const calls = Array.from({ length: 40 }, (_, index) => String(index));
    await log.append(calls.map(endedCall));
    const runners = [runner({ batchSize: 3 }), runner({ batchSize: 5 }), runner({ batchSize: 7 })];
    const reached = await Promise.all(
      runners.map(async (usage) => {
        for (;;) {
          const { moved, position } = await usage.tick();
          if (!moved) return position;
        }
      }),
    );
    expect(await foldedCalls()).toEqual(calls);
    expect(new Set(reached).size).toBe(1);
  });

  test('that fails changes nothing and names the event that it stopped at', async () => {
    const position = await log.append([endedCall('1')]);
    await log.database.adminPool.query(
      `do $$ begin
         perform pg_advisory_xact_lock_shared(7283, 1);
         insert into hookledger.events (position, event_id, type, schema_version, stream_key, stream_kind, version,
           tenant_id, external_id, mode, books, correlation_id, occurred_at, fold_range, data)
         select nextval('hookledger.position_seq'), gen_random_uuid(), 'StreamTenantMoved', 1, stream_key, stream_kind,
           version + 1, tenant_id, external_id, mode, books, correlation_id, occurred_at, fold_range, '{"nonsense": 1}'
         from hookledger.events where type = 'CallEnded';
       end $$`,
    );
    await log.append([endedCall('2')]);
    await expect(runner().tick()).rejects.toMatchObject({ code: 'unfoldable_event', position: position + 1n });
    expect(await foldedCalls()).toEqual([]);
    expect(await checkpoint('usage')).toBe(0n);
    await runner({ batchSize: 1 }).tick();
    expect(await foldedCalls()).toEqual(['1']);
  });

  test('refuses a version of which the database knows nothing', async () => {
    await expect(runner({ projection: { ...usageProjection, version: 99 } }).tick()).rejects.toMatchObject({
      code: 'unknown_projection',
      message: expect.stringContaining('usage version 99'),
    });
  });
});

test('the position of all read models is the least of the active versions', async () => {
  await log.database.adminPool.query(
    `update hookledger.projection_checkpoints set position = case name when 'calls' then 40 else 70 end;
     insert into hookledger.projections (name, version, state) values ('usage', 2, 'building');
     insert into hookledger.projection_checkpoints (name, version, fold_range_from, fold_range_to, position)
     values ('usage', 2, 0, 32767, 10), ('usage', 2, 32768, 65535, 20)`,
  );
  expect(await readActiveCheckpoint(log.database.pool)).toBe(40n);
});

describe('a runner', () => {
  /** Resolves when the runner has committed a move to the position or beyond. */
  const reached = (usage: ProjectionRunner, position: bigint) =>
    new Promise<Date>((resolve) => {
      const stop = usage.onMoved((now, at) => {
        if (now < position) return;
        stop();
        resolve(at);
      });
    });

  test('folds what is there, wakes for what comes, and ends when it is closed', async () => {
    const first = await log.append([endedCall('1')]);
    const usage = runner();
    const caughtUp = reached(usage, first);
    const running = usage.run(new AbortController().signal);
    expect(await caughtUp).toBeInstanceOf(Date);

    const second = reached(usage, first + 1n);
    await log.append([endedCall('2')]);
    usage.wake();
    await second;
    expect(await foldedCalls()).toEqual(['1', '2']);

    await usage.close();
    await running;
  });

  test('finds by itself what another process appended', async () => {
    const usage = runner();
    const stop = new AbortController();
    const running = usage.run(stop.signal);
    await reached(usage, 1n);
    const position = await log.append([endedCall('1')]);
    await reached(usage, position);
    stop.abort();
    await running;
    expect(await foldedCalls()).toEqual(['1']);
  });

  test('that fails says where, tries again later and skips nothing', async () => {
    const logged: string[] = [];
    let failures = 2;
    const failing: Projection = {
      ...usageProjection,
      fold: async (tx, events) => {
        await usageProjection.fold(tx, events);
        failures -= 1;
        if (failures >= 0) throw new Error('out of luck');
      },
    };
    const start = await log.append([noted()]);
    await runner().tick();
    const position = await log.append(['1', '2'].map(endedCall));
    const usage = runner({ projection: failing, logged });
    const done = reached(usage, position);
    const running = usage.run(new AbortController().signal);
    await done;
    await usage.close();
    await running;

    expect(await foldedCalls()).toEqual(['1', '2']);
    const errors = logged.map((line): unknown => JSON.parse(line)).filter((line) => hasLevel(line, 'error'));
    const fault = { msg: 'projection failed', projection: 'usage', version: 1, position: String(start) };
    expect(errors).toMatchObject([
      { ...fault, failures: 1, retryInMs: 250, err: { message: 'out of luck' } },
      { ...fault, failures: 2, retryInMs: 500, err: { message: 'out of luck' } },
    ]);
  });
});

function hasLevel(line: unknown, level: string): boolean {
  return typeof line === 'object' && line !== null && 'level' in line && line.level === level;
}

test('a plan prices more facts than fit on one page, each once, with lines numbered without holes', async () => {
  const calls = Array.from({ length: 4_100 }, (_, index) => endedCall(String(index)));
  await log.append(calls);
  const validFrom = '2026-11-01T00:00:00.000Z';
  const position = await log.append([
    {
      event: {
        type: 'PricePlanAssigned',
        stream: { kind: 'tenant-plan', mode: 'live', externalId: 'tnt_a' },
        occurredAt: validFrom,
        data: { planId: 'basic', tenantId: 'tnt_a', validFrom, reprice: false },
      },
      tenantId: 'tnt_a',
      books: 'platform',
    },
  ]);
  await log.catchUp(500);
  const { rows } = await log.database.adminPool.query(
    `select count(*)::integer as lines, min(line_no) as first, max(line_no) as last, count(distinct fact_key)::integer as facts,
       trim_scale(sum(rated))::text as rated
     from hookledger.usage_lines_v1 where position = $1::bigint`,
    [String(position)],
  );
  expect(rows).toEqual([{ lines: 8_200, first: 1, last: 8_200, facts: 4_100, rated: '615' }]);
  const { rows: sums } = await log.database.adminPool.query(
    `select rated_currency, facts, trim_scale(rated)::text as rated, unpriced from hookledger.usage_sums_v1 order by 1`,
  );
  expect(sums).toEqual([
    { rated_currency: '', facts: '0', rated: '0', unpriced: '0' },
    { rated_currency: 'USD', facts: '4100', rated: '615', unpriced: '0' },
  ]);
});

test('a later plan takes only what has no price, but with reprice everything, as differences at its position', async () => {
  const assign = (planId: string, reprice: boolean) =>
    log.append([
      {
        event: {
          type: 'PricePlanAssigned',
          stream: { kind: 'tenant-plan', mode: 'live', externalId: 'tnt_a' },
          occurredAt: '2026-11-03T00:00:00.000Z',
          data: { planId, tenantId: 'tnt_a', validFrom: '2026-11-01T00:00:00.000Z', reprice },
        },
        tenantId: 'tnt_a',
        books: 'platform',
      },
    ]);
  const rated = async (position: bigint) => {
    const { rows } = await log.database.adminPool.query(
      `select plan_id, count(distinct fact_key)::integer as facts, trim_scale(sum(rated))::text as rated
       from hookledger.usage_lines_v1 where position = $1::bigint group by plan_id order by plan_id`,
      [String(position)],
    );
    return rows;
  };
  await log.append(Array.from({ length: 2_100 }, (_, index) => endedCall(String(index))));
  const chats = await assign('chats', false);
  const basic = await assign('basic', false);
  const euro = await assign('euro', false);
  const again = await assign('euro', true);
  await log.catchUp(500);
  // Without a price for calls, the first plan leaves them to the next one; that one has them until it is told otherwise.
  expect(await rated(chats)).toEqual([]);
  expect(await rated(basic)).toEqual([
    { plan_id: 'basic', facts: 2_100, rated: '315' },
    { plan_id: null, facts: 2_100, rated: '0' },
  ]);
  expect(await rated(euro)).toEqual([]);
  expect(await rated(again)).toEqual([
    { plan_id: 'basic', facts: 2_100, rated: '-315' },
    { plan_id: 'euro', facts: 2_100, rated: '378' },
  ]);
});

test('a cost rate estimates more usage than fits on one page, each once, and a later one replaces it', async () => {
  await log.append(Array.from({ length: 4_100 }, (_, index) => endedCall(String(index))));
  const validFrom = '2026-11-01T00:00:00.000Z';
  const setRate = (unitCost: string, reprice: boolean) =>
    log.append([
      {
        event: {
          type: 'CostRateSet',
          stream: { kind: 'cost-rate', mode: 'live', externalId: 'retell//call_seconds///' },
          occurredAt: validFrom,
          data: { provider: 'retell', meter: 'call_seconds', currency: 'USD', unitCost, validFrom, reprice },
        },
        tenantId: 'unassigned',
        books: 'platform',
      },
    ]);
  const position = await setRate('0.001', false);
  const later = await setRate('0.002', true);
  await log.catchUp(500);
  const { rows } = await log.database.adminPool.query(
    `select position, count(*)::integer as lines, max(line_no) as last, count(distinct fact_key)::integer as facts,
       trim_scale(sum(cost))::text as cost, sum(uncosted)::integer as uncosted
     from hookledger.usage_lines_v1 where cause = 're-estimated' group by position order by position`,
  );
  expect(rows).toEqual([
    { position: String(position), lines: 8_200, last: 8_200, facts: 4_100, cost: '246', uncosted: -4_100 },
    { position: String(later), lines: 8_200, last: 8_200, facts: 4_100, cost: '246', uncosted: 0 },
  ]);
  const { rows: sums } = await log.database.adminPool.query(
    `select kind, cost_status, facts, trim_scale(cost)::text as cost, uncosted from hookledger.usage_sums_v1 order by 1`,
  );
  expect(sums).toEqual([
    { kind: 'cost', cost_status: 'estimated', facts: '4100', cost: '492', uncosted: '0' },
    { kind: 'usage', cost_status: 'final', facts: '4100', cost: '0', uncosted: '0' },
  ]);
});
