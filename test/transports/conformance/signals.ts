/** What happened, in order, for a test to wait on. */
export class Signals<T> {
  readonly #happened: T[] = [];
  readonly #waiting: ((value: T) => void)[] = [];

  emit(value: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#happened.push(value);
    else waiting(value);
  }

  /** The oldest that nobody has taken, or the next to come. */
  async next(): Promise<T> {
    for (const value of this.#happened.splice(0, 1)) return value;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async take(count: number): Promise<T[]> {
    const taken: T[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }
}
