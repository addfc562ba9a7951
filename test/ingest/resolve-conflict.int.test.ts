import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import {
  ConflictResolvedOtherwiseError,
  UnknownConflictError,
  UnusableBodyError,
} from '../../src/ingest/conflict-errors.ts';
import { createNormalise } from '../../src/ingest/normalise.ts';
import { retell } from '../../src/ingest/providers/retell.ts';
import { stripe } from '../../src/ingest/providers/stripe.ts';
import { resolveConflict } from '../../src/ingest/resolve-conflict.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { InvalidCommandError } from '../../src/tenants/errors.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import type { IngestBench } from '../support/ingest-bench.ts';
import { createIngestBench } from '../support/ingest-bench.ts';

let database: TestDatabase;
let bench: IngestBench;

beforeAll(async () => {
  database = await createTestDatabase();
  bench = await createIngestBench(database);
  await bench.map('stripe', 'cus_bench');
  await bench.map('retell', 'agent_bench');
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

type Provider = 'stripe' | 'retell';

async function receive(provider: Provider, body: object | undefined, outcome = 'accepted'): Promise<string> {
  const result = await bench.receive(provider, body ?? {});
  if (result.kind === 'rejected') throw new Error(result.cause);
  expect(result.outcome).toBe(outcome);
  return result.webhookId;
}

/** Two bodies under one key. */
async function conflict(provider: Provider, first: object | undefined, second: object | undefined) {
  return { first: await receive(provider, first), second: await receive(provider, second, 'conflict') };
}

function resolve(webhookId: string, keep: 'first' | 'second', changes: { reason?: string; by?: string } = {}) {
  return resolveConflict(
    {
      pool: database.pool,
      clock: { now: () => new Date('2026-11-24T12:00:00Z') },
      newId: uuidv7,
      normalise: createNormalise([stripe, retell]),
    },
    { webhookId, keep, reason: 'the provider confirmed it', by: 'Ada', ...changes },
  );
}

async function rows(sql: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
  return (await database.adminPool.query<Record<string, unknown>>(sql, [...values])).rows;
}

async function collected(paymentIntentId: string): Promise<unknown> {
  await bench.fold();
  return rows(
    `select tenant_id, trim_scale(sum(amount))::text as amount from hookledger.payment_lines_v1
     where stream_key like '%/' || $1 group by tenant_id having sum(amount) <> 0`,
    [paymentIntentId],
  );
}

async function billed(invoiceId: string): Promise<unknown> {
  await bench.fold();
  return rows(
    `select trim_scale(sum(net))::text as net,
       (select status from hookledger.invoices_v1 where stream_key like '%/' || $1 order by position desc limit 1) as status
     from hookledger.invoice_lines_v1 where stream_key like '%/' || $1`,
    [invoiceId],
  );
}

async function costs(callId: string): Promise<unknown> {
  await bench.fold();
  return rows(
    `select kind, meter, trim_scale(sum(case kind when 'cost' then cost else quantity end))::text as value
     from hookledger.usage_lines_v1 where fact_key like '%/' || $1 || '#%' and provider = 'retell'
     group by kind, meter having sum(case kind when 'cost' then cost else quantity end) <> 0 order by kind, meter`,
    [callId],
  );
}

const payment = (key: string, totalMinor: number) =>
  stripeSample('payment_intent.succeeded', { key, customerId: 'cus_bench', paymentIntentId: `pi_${key}`, totalMinor });

describe('a conflict that is resolved for the second body', () => {
  test('changes the figures to what that body says, and the log says who decided and why', async () => {
    const { first, second } = await conflict('stripe', payment('second', 10_000), payment('second', 12_000));
    expect(await collected('pi_second')).toEqual([{ tenant_id: bench.tenantId, amount: '100' }]);

    const { resolved, position, keptWebhookId } = await resolve(second, 'second');
    expect({ resolved, keptWebhookId }).toEqual({ resolved: true, keptWebhookId: second });
    expect(await collected('pi_second')).toEqual([{ tenant_id: bench.tenantId, amount: '120' }]);
    expect(
      await rows(
        `select e.type, e.tenant_id, e.data, e.stream_key = f.stream_key as "inStreamOfFirst"
         from hookledger.events e, (select stream_key from hookledger.events where webhook_id = $2 limit 1) f
         where e.position = $1`,
        [position, first],
      ),
    ).toEqual([
      {
        type: 'ConflictResolved',
        tenant_id: bench.tenantId,
        data: { webhookId: second, keptWebhookId: second, reason: 'the provider confirmed it', by: 'Ada' },
        inStreamOfFirst: true,
      },
    ]);
    expect(await rows('select resolved_position from hookledger.conflicts where webhook_id = $1', [second])).toEqual([
      { resolved_position: position },
    ]);
  });

  test('stays so when another type reports the old value later', async () => {
    const { second } = await conflict('stripe', payment('late', 10_000), payment('late', 12_000));
    await resolve(second, 'second');
    const charge = { key: 'late', customerId: 'cus_bench', paymentIntentId: 'pi_late', totalMinor: 10_000 };
    await receive('stripe', stripeSample('charge.succeeded', charge));
    expect(await collected('pi_late')).toEqual([{ tenant_id: bench.tenantId, amount: '120' }]);
  });

  test('takes back what only the first body reports', async () => {
    const call = (costs: readonly { product: string; cents: number }[], durationMs: number) =>
      retellSample('call_ended', { key: 'gone', callId: 'call_gone', agentId: 'agent_bench', durationMs, costs });
    const { second } = await conflict(
      'retell',
      call([{ product: 'llm', cents: 10 }, { product: 'tts', cents: 4 }], 60_000), // prettier-ignore
      call([{ product: 'llm', cents: 7 }], 90_000),
    );
    expect(await costs('call_gone')).toEqual([
      { kind: 'cost', meter: 'llm', value: '0.1' },
      { kind: 'cost', meter: 'tts', value: '0.04' },
      { kind: 'usage', meter: 'call_seconds', value: '60' },
    ]);
    await resolve(second, 'second');
    expect(await costs('call_gone')).toEqual([
      { kind: 'cost', meter: 'llm', value: '0.07' },
      { kind: 'usage', meter: 'call_seconds', value: '90' },
    ]);
  });

  test('of an invoice says nothing of what became of that since: a later state still wins', async () => {
    const invoice = (type: string, totalMinor: number) =>
      stripeSample(type, { key: 'life', invoiceId: 'in_life', customerId: 'cus_bench', totalMinor, taxMinor: 0 });
    const { second } = await conflict(
      'stripe',
      invoice('invoice.finalized', 10_000),
      invoice('invoice.finalized', 12_000),
    );
    await resolve(second, 'second');
    expect(await billed('in_life')).toEqual([{ net: '120', status: 'open' }]);
    await receive('stripe', invoice('invoice.voided', 12_000));
    expect(await billed('in_life')).toEqual([{ net: '0', status: 'void' }]);
  });

  test('gives way to the decision about a third one', async () => {
    const { second } = await conflict('stripe', payment('third', 10_000), payment('third', 12_000));
    const third = await receive('stripe', payment('third', 11_000), 'conflict');
    await resolve(second, 'second');
    await resolve(third, 'second');
    expect(await collected('pi_third')).toEqual([{ tenant_id: bench.tenantId, amount: '110' }]);
  });

  test('moves the money when the bodies are about different payments', async () => {
    const { second } = await conflict('stripe', payment('moved', 10_000), {
      ...payment('moved', 12_000),
      data: {
        object: { id: 'pi_elsewhere', object: 'payment_intent', amount: 12_000, amount_received: 12_000, currency: 'usd',
          created: 1_790_000_000, customer: 'cus_bench', status: 'succeeded', livemode: false }, // prettier-ignore
      },
    });
    await resolve(second, 'second');
    expect(await collected('pi_moved')).toEqual([]);
    expect(await collected('pi_elsewhere')).toEqual([{ tenant_id: bench.tenantId, amount: '120' }]);
  });
});

describe('a conflict', () => {
  test('that is resolved for the first body changes no figure', async () => {
    const { first, second } = await conflict('stripe', payment('first', 10_000), payment('first', 12_000));
    expect(await resolve(second, 'first')).toMatchObject({ resolved: true, keptWebhookId: first });
    expect(await collected('pi_first')).toEqual([{ tenant_id: bench.tenantId, amount: '100' }]);
  });

  test('is resolved once, also by two at once; a repetition does nothing and another decision is refused', async () => {
    const { second } = await conflict('stripe', payment('once', 10_000), payment('once', 12_000));
    const answers = await Promise.all([resolve(second, 'second'), resolve(second, 'second')]);
    expect(answers.map(({ resolved }) => resolved).toSorted()).toEqual([false, true]);
    expect(new Set(answers.map(({ position }) => position)).size).toBe(1);
    await expect(resolve(second, 'first')).rejects.toThrow(ConflictResolvedOtherwiseError);
    await expect(resolve(second, 'first')).rejects.toThrow(/Ada kept .* \("the provider confirmed it"\)/);
    expect(
      await rows(`select count(*)::integer as events from hookledger.events where data ->> 'webhookId' = $1`, [second]),
    ).toEqual([{ events: 1 }]);
  });

  test('is not resolved for a body that may not count', async () => {
    const { second } = await conflict('stripe', payment('stranger', 10_000), {
      ...payment('stranger', 12_000),
      livemode: true,
    });
    await expect(resolve(second, 'second')).rejects.toThrow(UnusableBodyError);
    expect(await resolve(second, 'first')).toMatchObject({ resolved: true });
  });

  test('needs to be there, and a reason', async () => {
    await expect(resolve(uuidv7(), 'second')).rejects.toThrow(UnknownConflictError);
    await expect(resolve(uuidv7(), 'second', { reason: '  ' })).rejects.toThrow(InvalidCommandError);
    await expect(resolve(uuidv7(), 'second', { by: '' })).rejects.toThrow(InvalidCommandError);
  });
});
