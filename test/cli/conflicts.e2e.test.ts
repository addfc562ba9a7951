import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stripeSample } from '../../src/dev/samples/stripe-samples.ts';
import { createIngestBench } from '../support/ingest-bench.ts';
import { setUpCli } from './cli-setup.ts';
import type { CliSetup } from './cli-setup.ts';
import { runCli, runCliForJson } from './spawn-cli.ts';

let setup: CliSetup;
let first: string;
let second: string;

beforeAll(async () => {
  setup = await setUpCli();
  const bench = await createIngestBench(setup.database);
  const receive = async (totalMinor: number): Promise<string> => {
    const result = await bench.receive('stripe', stripeSample('payment_intent.succeeded', { totalMinor }) ?? {});
    return result.kind === 'recorded' ? result.webhookId : '';
  };
  first = await receive(10_000);
  second = await receive(12_000);
  await bench.close();
});
afterAll(() => setup.close());

const cli = (...args: string[]) => runCli(args, setup.env);
const json = (...args: string[]) => runCliForJson(args, setup.env);

test('a conflict is listed, resolved with a reason, and its decision stands', async () => {
  expect(await json('conflicts', 'list')).toEqual([
    expect.objectContaining({ webhook_id: second, first_webhook_id: first, resolved_position: null }),
  ]);
  const resolve = ['conflicts', 'resolve', second, '--reason', 'asked Stripe', '--by', 'ada'];
  const decided = await json(...resolve, '--keep', 'second');
  expect(decided).toEqual({ resolved: true, position: expect.any(String), kept_webhook_id: second });
  const [again, otherwise, listed] = await Promise.all([
    json(...resolve, '--keep', 'second'),
    cli(...resolve, '--keep', 'first'),
    json('conflicts', 'list'),
  ]);
  expect(again).toMatchObject({ resolved: false });
  expect(otherwise).toMatchObject({ code: 1, stderr: expect.stringContaining('error conflict_resolved_otherwise') });
  expect(listed).toEqual([]);
  const { rows } = await setup.database.adminPool.query(
    `select data from hookledger.events where type = 'ConflictResolved'`,
  );
  expect(rows).toEqual([{ data: { webhookId: second, keptWebhookId: second, reason: 'asked Stripe', by: 'ada' } }]);
});

test('what is missing or no conflict says so', async () => {
  const [noReason, noChoice, noId, nobody] = await Promise.all([
    cli('conflicts', 'resolve', second, '--keep', 'second'),
    cli('conflicts', 'resolve', second, '--keep', 'third', '--reason', 'x'),
    cli('conflicts', 'resolve', 'evt_1', '--keep', 'first', '--reason', 'x'),
    cli('conflicts', 'resolve', first, '--keep', 'first', '--reason', 'x', '--by', 'ada'),
  ]);
  expect(noReason).toMatchObject({ code: 2, stderr: expect.stringContaining('--reason is missing.') });
  expect(noChoice.code).toBe(2);
  expect(noId.code).toBe(2);
  expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('error unknown_conflict') });
});
