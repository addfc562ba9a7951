import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import type { IngestResult } from '../../src/ingest/ingest-webhook.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import type { IngestBench } from '../support/ingest-bench.ts';
import { createIngestBench } from '../support/ingest-bench.ts';

let database: TestDatabase;
let bench: IngestBench;

beforeAll(async () => {
  database = await createTestDatabase();
  bench = await createIngestBench(database);
  await bench.map('stripe', 'cus_known');
});
afterAll(async () => {
  await bench.close();
  await database.drop();
});

async function rows(sql: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
  return (await database.adminPool.query<Record<string, unknown>>(sql, [...values])).rows;
}

/** What is kept of a webhook: its status, its bytes and the types of its events. */
async function kept(result: IngestResult): Promise<Record<string, unknown>> {
  if (result.kind === 'rejected') throw new Error(`It was rejected: ${result.cause}.`);
  const [row] = await rows(
    `select w.status, w.detail, w.tenant_id, w.body,
       array(select e.type from hookledger.events e where e.webhook_id = w.id order by e.position) as events
     from hookledger.webhooks w where w.id = $1`,
    [result.webhookId],
  );
  return row ?? {};
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('There is no such sample.');
  return value;
}

const stripe = (type: string, sample: Parameters<typeof stripeSample>[1]) => must(stripeSample(type, sample));

describe('a verified webhook that is not as it should be', () => {
  test.each([
    ['is no JSON', Buffer.from('{"id": "evt_1", ')],
    ['is no UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['is empty', Buffer.from('')],
    ['is no object', Buffer.from('[1, 2, 3]')],
    [
      'is of an unknown type',
      Buffer.from(JSON.stringify({ ...stripe('invoice.paid', { key: 'unknown' }), type: 'invoice.dreamt' })),
    ],
    ['has an odd shape', Buffer.from(JSON.stringify(stripe('invoice.paid', { key: 'odd', object: { currency: 7 } })))],
    [
      'has a time beyond time',
      Buffer.from(JSON.stringify({ ...stripe('invoice.paid', { key: 'late' }), created: 1e18 })),
    ],
    ['holds a NUL', Buffer.from(JSON.stringify(stripe('invoice.paid', { key: 'nul', invoiceNumber: 'A\u0000B' })))],
    [
      'holds a lone surrogate',
      Buffer.from(JSON.stringify(stripe('invoice.paid', { key: 'surrogate', invoiceNumber: '\ud800' }))),
    ],
    [
      'holds a number beyond numbers',
      Buffer.from(
        JSON.stringify(stripe('invoice.paid', { key: 'huge' })).replace(
          '"amount_paid":11900',
          '"amount_paid":1e400000',
        ),
      ),
    ],
  ])('because it %s is kept raw, byte for byte, as unmapped', async (_, body) => {
    const result = await bench.receive('stripe', body);
    expect(result).toMatchObject({ kind: 'recorded', outcome: 'unmapped' });
    expect(await kept(result)).toMatchObject({ status: 'unmapped', body, events: ['ProviderEventReceived'] });
    expect(await bench.receive('stripe', body)).toMatchObject({ outcome: 'duplicate' });
  });

  test('whose thing has no tenant is unassigned, and its cost is counted there', async () => {
    const result = await bench.receive(
      'retell',
      must(retellSample('call_ended', { key: 'nobody', agentId: 'agent_nobody' })),
    );
    expect(result).toMatchObject({ outcome: 'unassigned' });
    expect(await kept(result)).toMatchObject({ status: 'unassigned', tenant_id: 'unassigned' });
    await bench.fold();
    expect(
      await rows(
        `select trim_scale(sum(cost))::text as cost from hookledger.usage_sums_v1 where tenant_id = 'unassigned'`,
      ),
    ).toEqual([{ cost: '0.195' }]);
  });

  test.each([
    ['of the other mode', { livemode: true }],
    ['of another account', { connectedAccount: 'acct_other' }],
  ])('%s than its source is quarantined, without events', async (what, sample) => {
    const result = await bench.receive('stripe', stripe('invoice.paid', { key: what, ...sample }));
    expect(result).toMatchObject({ outcome: 'quarantined' });
    expect(await kept(result)).toMatchObject({ status: 'quarantined', events: [] });
  });

  test('with the key of another one and another body is a conflict; a changed volatile field makes a duplicate', async () => {
    const first = stripe('invoice.paid', { key: 'torn', customerId: 'cus_known' });
    expect(await bench.receive('stripe', first)).toMatchObject({ outcome: 'accepted' });
    expect(await bench.receive('stripe', { ...first, pending_webhooks: 7 })).toMatchObject({ outcome: 'duplicate' });
    const torn = await bench.receive(
      'stripe',
      stripe('invoice.paid', { key: 'torn', customerId: 'cus_known', totalMinor: 1 }),
    );
    expect(torn).toMatchObject({ outcome: 'conflict' });
    expect(await kept(torn)).toMatchObject({ status: 'conflict', events: [] });
  });
});

describe('a webhook that is not verified', () => {
  test('is rejected and leaves a record without its body or signature, also from an unknown source', async () => {
    const body = stripe('invoice.paid', { key: 'forged' });
    expect(await bench.receive('stripe', body, { secret: 'whsec_wrong' })).toEqual({
      kind: 'rejected',
      cause: 'wrong-signature',
    });
    await bench.rejections.flush();
    expect(
      await rows('select provider, source_id, cause, header_names, body_bytes from hookledger.rejections'),
    ).toEqual([
      {
        provider: 'stripe',
        source_id: bench.sources.stripe,
        cause: 'wrong-signature',
        header_names: ['content-type', 'stripe-signature'],
        body_bytes: JSON.stringify(body).length,
      },
    ]);
    expect(
      await rows('select from hookledger.webhooks where provider_event_id = $1', [(body as { id: string }).id]),
    ).toEqual([]);
  });
});
