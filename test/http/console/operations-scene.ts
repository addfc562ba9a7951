import { retellSample } from '../../../src/dev/samples/retell-samples.ts';
import { stripeSample } from '../../../src/dev/samples/stripe-samples.ts';
import type { TestDatabase } from '../../support/database.ts';
import type { IngestBench } from '../../support/ingest-bench.ts';
import { createIngestBench } from '../../support/ingest-bench.ts';

export type OperationsScene = Readonly<{
  bench: IngestBench;
  /** Ids of the later webhooks of conflicts about a payment, an invoice and a call. */
  conflicts: Readonly<Record<'payment' | 'invoice' | 'call', string>>;
  collected(paymentIntentId: string): Promise<string | undefined>;
}>;

/** Through the real ingest: three conflicts, four rejections, and a webhook that nothing maps. */
export async function setOperations(database: TestDatabase): Promise<OperationsScene> {
  const bench = await createIngestBench(database);
  await bench.map('stripe', 'cus_bench');
  const receive = async (provider: 'stripe' | 'retell', body: object | undefined, secret?: string): Promise<string> => {
    const result = await bench.receive(provider, body ?? {}, secret === undefined ? {} : { secret });
    return result.kind === 'recorded' ? result.webhookId : '';
  };
  const both = async (provider: 'stripe' | 'retell', first: object | undefined, second: object | undefined) => {
    await receive(provider, first);
    return receive(provider, second);
  };
  const payment = (totalMinor: number) =>
    stripeSample('payment_intent.succeeded', { customerId: 'cus_bench', paymentIntentId: 'pi_scene', totalMinor });
  const invoice = (totalMinor: number) =>
    stripeSample('invoice.finalized', { customerId: 'cus_bench', invoiceId: 'in_scene', totalMinor });
  const call = (durationMs: number) => retellSample('call_ended', { callId: 'call_scene', durationMs });
  const conflicts = {
    payment: await both('stripe', payment(10_000), payment(12_000)),
    invoice: await both('stripe', invoice(50_000), invoice(55_000)),
    call: await both('retell', call(60_000), call(75_000)),
  };
  await receive('stripe', { ...stripeSample('invoice.paid', { key: 'odd' }), type: 'invoice.dreamt' });
  for (const provider of ['stripe', 'retell', 'stripe', 'stripe'] as const) {
    await receive(provider, stripeSample('invoice.paid', { key: 'forged' }), 'not-the-secret');
  }
  await bench.rejections.flush();
  return {
    bench,
    conflicts,
    async collected(paymentIntentId) {
      await bench.fold();
      const { rows } = await database.adminPool.query<{ amount: string }>(
        `select trim_scale(sum(amount))::text as amount from hookledger.payment_lines_v1 where stream_key like '%/' || $1`,
        [paymentIntentId],
      );
      return rows[0]?.amount;
    },
  };
}
