import { expect, test } from '@jest/globals';
import { createProjectedPosition } from '../../src/workers/projected-position.ts';

function projected() {
  const state = { position: 0n, looks: 0, nowMs: 1_000 };
  const position = createProjectedPosition({
    read() {
      state.looks += 1;
      return state.position < 0n ? Promise.reject(new Error('no database')) : Promise.resolve(state.position);
    },
    now: () => state.nowMs,
  });
  return { state, position };
}

test('doorbells that ring at once share one look', async () => {
  const { state, position } = projected();
  state.position = 7n;
  const wanted = Array.from({ length: 200 }, (_, index) => BigInt(index));
  expect(new Set(await Promise.all(wanted.map(position)))).toEqual(new Set([7n]));
  expect(state.looks).toBe(1);
});

test('what was found once answers everybody behind it, without another look', async () => {
  const { state, position } = projected();
  state.position = 7n;
  await position(3n);
  state.nowMs += 3_600_000;
  expect(await position(7n)).toBe(7n);
  expect(state.looks).toBe(1);
});

test('one that is ahead looks again after a moment', async () => {
  const { state, position } = projected();
  expect(await position(9n)).toBe(0n);
  state.position = 9n;
  state.nowMs += 49;
  expect(await position(9n)).toBe(0n);
  state.nowMs += 1;
  expect(await position(9n)).toBe(9n);
  expect(state.looks).toBe(2);
});

test('a look that fails fails for those that share it, and the next moment looks again', async () => {
  const { state, position } = projected();
  state.position = -1n;
  await expect(Promise.all([position(1n), position(2n)])).rejects.toThrow('no database');
  expect(state.looks).toBe(1);
  state.position = 2n;
  state.nowMs += 50;
  expect(await position(2n)).toBe(2n);
});
