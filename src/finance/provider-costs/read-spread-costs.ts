import { formatDecimal, negateDecimal, parseDecimal } from '../../domain/decimal.ts';
import type { Tx } from '../../platform/postgres.ts';
import { readStands } from '../periods/read-stands.ts';
import type { Stand } from '../periods/read-stands.ts';
import type { Range } from '../time-range.ts';
import type { SpreadCosts } from './cost-share-select.ts';
import { readCostShares } from './read-cost-shares.ts';
import type { CostShareQuery } from './read-cost-shares.ts';

/**
 * The fixed costs of a range, by its windows and by the basis that the filter names. By booked period each closed month
 * has what was entered and known at its cut-off, and the month that changes are booked in has them at its beginning.
 */
export async function readSpreadCosts(
  tx: Tx,
  { usage, filter, windowStarts }: Omit<CostShareQuery, 'withVoided'> & Readonly<{ windowStarts: readonly Date[] }>,
): Promise<SpreadCosts> {
  const { range, asOf } = filter;
  const windows = windowStarts.map((from, index) => ({ from, to: windowStarts[index + 1] ?? range.to }));
  const stands: readonly Stand[] =
    filter.basis === 'booked' ? await readStands(tx, filter) : [{ range, asOf, sign: 1, bookedAt: undefined }];
  const shares: SpreadCosts['shares'][number][] = [];
  for (const [part, stand] of stands.entries()) {
    const { range: of, asOf: at } = stand;
    // oxlint-disable-next-line no-await-in-loop -- one connection answers one question at a time
    const found = await readCostShares(tx, { usage, filter: { ...filter, range: of, asOf: at } });
    shares.push(...found.map((share) => ({ ...share, part, amount: signed(stand, share.amount) })));
  }
  return {
    shares,
    windows: stands.flatMap((stand, part) => windowsOf(stand, windows).map((window) => ({ ...window, part }))),
  };
}

function signed({ sign }: Stand, amount: string): string {
  return sign === 1 ? amount : formatDecimal(negateDecimal(parseDecimal(amount)));
}

/** The parts of the windows that are in the stand; or all of it, where it is booked. */
function windowsOf({ range, bookedAt }: Stand, windows: readonly Range[]): readonly (Range & Readonly<{ at: Date }>)[] {
  if (bookedAt !== undefined) return [{ ...range, at: bookedAt }];
  return windows.flatMap((window) => {
    const from = window.from > range.from ? window.from : range.from;
    const to = window.to < range.to ? window.to : range.to;
    return from < to ? [{ from, to, at: window.from }] : [];
  });
}
