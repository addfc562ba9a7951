export type MicroBatcher<Item, Answer> = Readonly<{
  /** Resolves with the item's own answer; rejects with what `flush` threw, or with `overflow()`. */
  add(item: Item): Promise<Answer>;
}>;

export type MicroBatcherOptions<Item, Answer> = Readonly<{
  maxItems: number;
  maxWeight: number;
  weight: (item: Item) => number;
  /** How many flushes may be under way at once. */
  concurrency: number;
  maxQueued: number;
  overflow: () => Error;
  /** Answers in the order of the items. */
  flush: (items: readonly Item[]) => Promise<readonly Answer[]>;
}>;

type Waiting<Item, Answer> = Readonly<{
  item: Item;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}>;

/**
 * Flushes at once when idle; what arrives while flushes are under way is collected into the next one. So a lone item
 * waits for nothing, and under load the batches grow by themselves, without a timer to tune.
 */
export function createMicroBatcher<Item, Answer>(
  options: MicroBatcherOptions<Item, Answer>,
): MicroBatcher<Item, Answer> {
  const queue: Waiting<Item, Answer>[] = [];
  let flushing = 0;
  let isScheduled = false;

  function schedule(): void {
    if (isScheduled || flushing >= options.concurrency || queue.length === 0) return;
    isScheduled = true;
    // The end of this turn of the event loop: requests that were read from the sockets together go together.
    setImmediate(() => {
      isScheduled = false;
      if (queue.length > 0) void flushOnce(take());
      schedule();
    });
  }

  function take(): readonly Waiting<Item, Answer>[] {
    let count = 0;
    for (let weight = 0; count < queue.length && count < options.maxItems; count += 1) {
      const next = queue[count];
      if (next === undefined) break;
      weight += options.weight(next.item);
      if (count > 0 && weight > options.maxWeight) break;
    }
    return queue.splice(0, count);
  }

  async function flushOnce(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    flushing += 1;
    try {
      const answers = await options.flush(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new RangeError(`The flush gave no answer for item ${index}.`));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      flushing -= 1;
      schedule();
    }
  }

  return {
    add(item) {
      if (queue.length >= options.maxQueued) return Promise.reject(options.overflow());
      return new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject });
        schedule();
      });
    },
  };
}
