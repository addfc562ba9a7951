import { describe, expect, test } from '@jest/globals';
import { createMicroBatcher } from '../../src/platform/micro-batcher.ts';

type Flush = { items: readonly string[]; finish: (answers: readonly string[]) => void };

/** A batcher whose flushes end when the test says so. */
function bench(options: { concurrency?: number; maxItems?: number; maxQueued?: number } = {}) {
  const flushes: Flush[] = [];
  const started: ((flush: Flush) => void)[] = [];
  const batcher = createMicroBatcher<string, string>({
    maxItems: options.maxItems ?? 10,
    maxWeight: 100,
    weight: (item) => item.length,
    concurrency: options.concurrency ?? 1,
    maxQueued: options.maxQueued ?? 100,
    overflow: () => new Error('full'),
    flush: (items) =>
      new Promise((finish) => {
        const flush = { items, finish };
        flushes.push(flush);
        started.shift()?.(flush);
      }),
  });
  return { batcher, flushes, nextFlush: () => new Promise<Flush>((resolve) => started.push(resolve)) };
}

const echo = (flush: Flush) => flush.finish(flush.items.map((item) => `${item}!`));

describe('the micro-batcher', () => {
  test('flushes a lone item at once and collects what arrives meanwhile into the next flush', async () => {
    const { batcher, nextFlush } = bench();
    const first = nextFlush();
    const a = batcher.add('a');
    const flushOfA = await first;
    const others = Promise.all(['b', 'c', 'd'].map((item) => batcher.add(item)));
    const second = nextFlush();
    echo(flushOfA);
    const flushOfOthers = await second;
    expect(flushOfA.items).toEqual(['a']);
    expect(flushOfOthers.items).toEqual(['b', 'c', 'd']);
    echo(flushOfOthers);
    expect([await a, ...(await others)]).toEqual(['a!', 'b!', 'c!', 'd!']);
  });

  test('keeps a batch under its number of items and its weight', async () => {
    const { batcher, nextFlush } = bench({ maxItems: 2 });
    const first = nextFlush();
    const answers = Promise.all(['a', 'b', 'x'.repeat(99), 'yy'].map((item) => batcher.add(item)));
    for (const expected of [['a', 'b'], ['x'.repeat(99)], ['yy']]) {
      const flush = await (expected[0] === 'a' ? first : nextFlush());
      expect(flush.items).toEqual(expected);
      echo(flush);
    }
    expect(await answers).toHaveLength(4);
  });

  test('refuses what would wait behind too many others', async () => {
    const { batcher, nextFlush } = bench({ maxQueued: 1 });
    const first = nextFlush();
    const a = batcher.add('a');
    const flush = await first;
    const b = batcher.add('b');
    await expect(batcher.add('c')).rejects.toThrow('full');
    const second = nextFlush();
    echo(flush);
    echo(await second);
    expect([await a, await b]).toEqual(['a!', 'b!']);
  });

  test('a flush that throws rejects its own items and no others', async () => {
    const seen: string[] = [];
    const batcher = createMicroBatcher<string, string>({
      maxItems: 1,
      maxWeight: 100,
      weight: () => 1,
      concurrency: 1,
      maxQueued: 10,
      overflow: () => new Error('full'),
      flush: (items) => {
        seen.push(...items);
        return items.includes('bad') ? Promise.reject(new Error('refused')) : Promise.resolve(items);
      },
    });
    const results = await Promise.allSettled(['good', 'bad', 'fine'].map((item) => batcher.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(seen).toEqual(['good', 'bad', 'fine']);
  });
});
