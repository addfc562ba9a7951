import { expect, test } from '@jest/globals';
import type { CallOutcome, WantedCall } from '../../src/workers/effect-log.ts';
import { runCalls } from '../../src/workers/run-calls.ts';

const call = (step: string) => ({ step, adapter: 'outside', request: { step } });

test('calls are made in their order, and each that is done may say what follows', async () => {
  const made: WantedCall[] = [];
  const outcome = await runCalls(
    [
      { ...call('one'), onDone: ({ id }) => `after ${id}` },
      call('two'),
      { ...call('three'), onDone: ({ id }) => `after ${id}` },
    ],
    (wanted) => {
      made.push(wanted);
      return Promise.resolve({ kind: 'done', result: { id: wanted.step } });
    },
  );
  expect(outcome).toEqual({ kind: 'done', followUps: ['after one', 'after three'] });
  expect(made).toEqual([call('one'), call('two'), call('three')]);
});

test('the first call that is not done ends it, and nothing follows', async () => {
  const steps: string[] = [];
  const stopped: CallOutcome = { kind: 'retry', reason: 'not now', retryAfterMs: 5 };
  const outcome = await runCalls(
    [{ ...call('one'), onDone: () => 'never written' }, call('two'), call('three')],
    ({ step }) => {
      steps.push(step);
      return Promise.resolve(step === 'two' ? stopped : { kind: 'done', result: {} });
    },
  );
  expect(outcome).toEqual(stopped);
  expect(steps).toEqual(['one', 'two']);
});
