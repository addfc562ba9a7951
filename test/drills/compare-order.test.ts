import { expect, test } from '@jest/globals';
import type { OrderedJob } from './compare-order.ts';
import { outOfOrder } from './compare-order.ts';
import type { OrderedEffect } from './effect-server.ts';

const queue = 'ingress-events';
const job = (version: number, endedAt: number | null, stream = 'call_1'): OrderedJob => ({
  queue,
  stream,
  version,
  endedAt,
});
const effect = (version: number, at: number, stream = 'call_1'): OrderedEffect => ({ queue, stream, version, at });

test('effects in the order of their versions, each after the end of the job before, are in order', () => {
  const jobs = [job(1, 12), job(3, 22), job(7, 32), job(1, 12, 'call_2')];
  expect(outOfOrder(jobs, [effect(1, 10), effect(1, 11, 'call_2'), effect(3, 20), effect(7, 30)])).toEqual([]);
});

test('an effect whose first time comes after a later version is out of order, once', () => {
  const jobs = [job(1, 42), job(2, 22), job(3, 32)];
  expect(outOfOrder(jobs, [effect(2, 20), effect(3, 30), effect(1, 40)])).toEqual(['call_1 1 on ingress-events']);
});

test('a repetition of an effect whose job has ended is not out of order', () => {
  const jobs = [job(1, 12), job(2, 22)];
  expect(outOfOrder(jobs, [effect(1, 10), effect(2, 20), effect(1, 30)])).toEqual([]);
});

test('a job that had acted and not ended when a later version acted is out of order, as if it had acted after it', () => {
  expect(outOfOrder([job(1, 50), job(2, 22)], [effect(1, 10), effect(2, 20), effect(1, 48)])).toEqual([
    'call_1 1 on ingress-events',
  ]);
  expect(outOfOrder([job(1, null), job(2, 22)], [effect(1, 10), effect(2, 20)])).toEqual([
    'call_1 1 on ingress-events',
  ]);
});

test('a job that died without an effect counts by its end', () => {
  expect(outOfOrder([job(1, 15), job(2, 22)], [effect(2, 20)])).toEqual([]);
  expect(outOfOrder([job(1, 25), job(2, 22)], [effect(2, 20)])).toEqual(['call_1 1 on ingress-events']);
});
