import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
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

type Send = (reports: readonly [object, object], provider: 'stripe' | 'retell') => Promise<void>;

const WAYS: Readonly<Record<string, Send>> = {
  'one after the other': async ([a, b], provider) => {
    await bench.receive(provider, a);
    await bench.receive(provider, b);
  },
  'in the other order': async ([a, b], provider) => {
    await bench.receive(provider, b);
    await bench.receive(provider, a);
  },
  'in one batch': async (reports, provider) => {
    await Promise.all(reports.map((report) => bench.receive(provider, report)));
  },
  'in two concurrent batches': async ([a, b], provider) => {
    await Promise.all([bench.receive(provider, a, { through: 0 }), bench.receive(provider, b, { through: 1 })]);
  },
};

describe.each(Object.keys(WAYS))('a fact that two webhooks report, %s', (way) => {
  const send = WAYS[way] ?? (() => Promise.reject(new Error(way)));
  const story = (key: string) => ({
    key: `${way} ${key}`,
    customerId: 'cus_bench',
    paymentIntentId: `pi ${way} ${key}`,
  });

  async function collected(key: string): Promise<unknown> {
    await bench.fold();
    const { rows } = await database.adminPool.query(
      `select tenant_id, currency, trim_scale(sum(amount))::text as amount,
         sum(sign(amount))::integer as payments
       from hookledger.payment_lines_v1
       where stream_key like 'payment/%' || replace(replace($1::text, ' ', '%20'), '/', '%2F')
       group by tenant_id, currency`,
      [`pi ${way} ${key}`],
    );
    return rows;
  }

  test('with equal amounts counts once', async () => {
    const sample = story('equal');
    await send(
      [must(stripeSample('charge.succeeded', sample)), must(stripeSample('payment_intent.succeeded', sample))],
      'stripe',
    );
    expect(await collected('equal')).toEqual([
      { tenant_id: bench.tenantId, currency: 'USD', amount: '119', payments: 1 },
    ]);
  });

  test('with different amounts counts once, with what the payment intent says', async () => {
    const sample = story('different');
    const charge = must(stripeSample('charge.succeeded', { ...sample, totalMinor: 10_000 }));
    await send([charge, must(stripeSample('payment_intent.succeeded', sample))], 'stripe');
    const rows = await collected('different');
    expect(rows).toEqual([{ tenant_id: bench.tenantId, currency: 'USD', amount: '119', payments: 1 }]);
    const { rows: payments } = await database.adminPool.query<{ amount: string; differing_reports: number }>(
      `select trim_scale(amount)::text as amount, differing_reports from hookledger.payments_v1
       where payment_id = $1 order by position desc limit 1`,
      [`pi ${way} different`],
    );
    expect(payments).toEqual([{ amount: '119', differing_reports: 1 }]);
  });

  test('an invoice that is paid makes no payment', async () => {
    const sample = story('invoice');
    await send([must(stripeSample('invoice.finalized', sample)), must(stripeSample('invoice.paid', sample))], 'stripe');
    expect(await collected('invoice')).toEqual([]);
    const { rows } = await database.adminPool.query(
      `select trim_scale(sum(l.net))::text as net from hookledger.invoice_lines_v1 l
       join (select distinct stream_key, invoice_number from hookledger.invoices_v1) i using (stream_key)
       where i.invoice_number = $1`,
      [(must(stripeSample('invoice.paid', sample)) as { data: { object: { number: string } } }).data.object.number],
    );
    expect(rows).toEqual([{ net: '119' }]);
  });

  test('the cost of a call is what the analysis says, once', async () => {
    const sample = { key: `${way} call`, agentId: 'agent_bench', callId: `call ${way}` };
    const ended = must(retellSample('call_ended', { ...sample, costs: [{ product: 'gpt_4_1', cents: 7 }] }));
    const analyzed = must(retellSample('call_analyzed', { ...sample, costs: [{ product: 'gpt_4_1', cents: 9.5 }] }));
    await send([ended, analyzed], 'retell');
    await bench.fold();
    const { rows } = await database.adminPool.query(
      `select kind, meter, trim_scale(sum(quantity))::text as quantity, trim_scale(sum(cost))::text as cost,
         sum(facts)::integer as facts
       from hookledger.usage_lines_v1 where fact_key like '%' || $1::text || '#%' group by kind, meter order by kind`,
      [encodeURIComponent(`call ${way}`)],
    );
    expect(rows).toEqual([
      expect.objectContaining({ kind: 'cost', meter: 'gpt_4_1', cost: '0.095', facts: 1 }),
      expect.objectContaining({ kind: 'usage', meter: 'call_seconds', quantity: '90', facts: 1 }),
    ]);
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There is no such sample.');
  return value;
}
