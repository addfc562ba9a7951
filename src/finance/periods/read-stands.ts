import type { Tx } from '../../platform/postgres.ts';
import type { AsOf } from '../as-of.ts';
import { readTimeOf } from '../as-of.ts';
import type { Range } from '../time-range.ts';
import { closedPeriodsSelect } from './read-periods.ts';

/** A part of what a range reports: what another range had as of a position, added or taken off. */
export type Stand = Readonly<{
  range: Range;
  asOf: AsOf;
  sign: 1 | -1;
  /** Where it is booked, if that is not when it was. */
  bookedAt: Date | undefined;
}>;

/** A month that is closed, as of a position: it reported what was known at `asOf`, and reports nothing else since. */
type ClosedMonth = Readonly<{ period: string; range: Range; asOf: AsOf }>;

/** In their order; their cut-offs ascend with them. */
async function readClosedMonths(tx: Tx, asOf: bigint): Promise<readonly ClosedMonth[]> {
  const { rows } = await tx.query<{ period: string; from: Date; to: Date; cutOff: string }>(
    `select period, period_from as "from", period_to as "to", cut_off as "cutOff"
     from (${closedPeriodsSelect('$1::bigint')}) closed order by period_from`,
    [asOf],
  );
  const months: ClosedMonth[] = [];
  for (const { period, from, to, cutOff } of rows) {
    const position = BigInt(cutOff);
    // oxlint-disable-next-line no-await-in-loop -- one connection answers one question at a time
    months.push({ period, range: { from, to }, asOf: { position, recordedAt: await readTimeOf(tx, position) } });
  }
  return months;
}

/**
 * What a range reports by booked period, for figures that no line holds: each closed month as of its cut-off; everything
 * else as it is known now; and at the beginning of each later month, and of the first open one, how much the closed months
 * before it had changed since the cut-off before. Over all time that is everything as it is known now.
 */
export async function readStands(
  tx: Tx,
  { range, asOf }: Readonly<{ range: Range; asOf: AsOf }>,
): Promise<readonly Stand[]> {
  const months = await readClosedMonths(tx, asOf.position);
  const [first] = months;
  const last = months.at(-1);
  if (first === undefined || last === undefined) return [{ range, asOf, sign: 1, bookedAt: undefined }];
  const own = [
    ...months,
    { range: { from: range.from, to: first.range.from }, asOf },
    { range: { from: last.range.to, to: range.to }, asOf },
  ].flatMap((stand): readonly Stand[] => {
    const part = intersect(stand.range, range);
    return part === undefined ? [] : [{ range: part, asOf: stand.asOf, sign: 1, bookedAt: undefined }];
  });
  const booked = [...months.slice(1), { range: { from: last.range.to, to: last.range.to }, asOf }].flatMap(
    (month, index): readonly Stand[] => {
      const bookedAt = month.range.from;
      const before = months[index];
      if (before === undefined || bookedAt < range.from || bookedAt >= range.to) return [];
      const of = { range: { from: first.range.from, to: bookedAt }, bookedAt };
      return [
        { ...of, asOf: month.asOf, sign: 1 },
        { ...of, asOf: before.asOf, sign: -1 },
      ];
    },
  );
  return [...own, ...booked];
}

function intersect(a: Range, b: Range): Range | undefined {
  const from = a.from > b.from ? a.from : b.from;
  const to = a.to < b.to ? a.to : b.to;
  return from < to ? { from, to } : undefined;
}
