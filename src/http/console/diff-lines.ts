export type DiffLine = Readonly<{ text: string; isDifferent: boolean }>;

/** Beyond so many comparisons a line only counts as different when the other side has no such line at all. */
const MAX_COMPARISONS = 2_000_000;

/** The lines of two texts; those that are not marked are the same on both sides, in the same order. */
export function diffLines(
  a: readonly string[],
  b: readonly string[],
): Readonly<{ a: readonly DiffLine[]; b: readonly DiffLine[] }> {
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [middleA, middleB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const [commonA, commonB] =
    middleA.length * middleB.length > MAX_COMPARISONS ? sharedLines(middleA, middleB) : longestCommon(middleA, middleB);
  const mark = (lines: readonly string[], common: ReadonlySet<number>) =>
    lines.map((text, index) => ({
      text,
      isDifferent: index >= start && index < lines.length - end && !common.has(index - start),
    }));
  return { a: mark(a, commonA), b: mark(b, commonB) };
}

type Common = readonly [ReadonlySet<number>, ReadonlySet<number>];

/** By the table of the longest common subsequence. */
function longestCommon(a: readonly string[], b: readonly string[]): Common {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const [commonA, commonB] = [new Set<number>(), new Set<number>()];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      commonA.add(i++);
      commonB.add(j++);
    } else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return [commonA, commonB];
}

function sharedLines(a: readonly string[], b: readonly string[]): Common {
  const [inA, inB] = [new Set(a), new Set(b)];
  const indexes = (lines: readonly string[], others: ReadonlySet<string>) =>
    new Set(lines.flatMap((line, index) => (others.has(line) ? [index] : [])));
  return [indexes(a, inB), indexes(b, inA)];
}
