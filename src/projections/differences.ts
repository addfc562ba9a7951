import { formatDecimal, negateDecimal, parseDecimal, subtractDecimals } from '../domain/decimal.ts';

/** What one thing adds to the figures: where it counts, and how much, as decimal strings. */
export type Contribution<Bucket, Measure extends string> = Readonly<{
  bucket: Bucket;
  measures: Readonly<Record<Measure, string>>;
}>;

/**
 * The lines that turn `before` into `after`: one with the difference while the thing stays in its bucket, else one that
 * takes it out of the old bucket and one that puts it into the new. None where nothing changes.
 */
export function differences<Bucket extends Readonly<Record<string, string | null>>, Measure extends string>(
  before: Contribution<Bucket, Measure> | undefined,
  after: Contribution<Bucket, Measure> | undefined,
): readonly Contribution<Bucket, Measure>[] {
  const lines: Contribution<Bucket, Measure>[] = [];
  if (before !== undefined && after !== undefined && isSameBucket(before.bucket, after.bucket)) {
    const was = before.measures;
    lines.push({
      bucket: after.bucket,
      measures: mapMeasures(after.measures, (now, name) => subtract(now, was[name])),
    });
  } else {
    if (before !== undefined) lines.push({ bucket: before.bucket, measures: mapMeasures(before.measures, negate) });
    if (after !== undefined) lines.push(after);
  }
  return lines.filter(({ measures }) => !Object.values<string>(measures).every(isZero));
}

function isSameBucket(a: Readonly<Record<string, string | null>>, b: Readonly<Record<string, string | null>>): boolean {
  return Object.keys(a).every((name) => a[name] === b[name]);
}

function mapMeasures<Measure extends string>(
  measures: Readonly<Record<Measure, string>>,
  change: (amount: string, name: Measure) => string,
): Readonly<Record<Measure, string>> {
  const changed: Record<Measure, string> = { ...measures };
  for (const name in changed) changed[name] = change(changed[name], name);
  return changed;
}

function subtract(a: string, b: string): string {
  return formatDecimal(subtractDecimals(parseDecimal(a), parseDecimal(b)));
}

function negate(a: string): string {
  return formatDecimal(negateDecimal(parseDecimal(a)));
}

function isZero(a: string): boolean {
  return parseDecimal(a).units === 0n;
}
