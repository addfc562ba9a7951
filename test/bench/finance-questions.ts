import { reports } from '../../src/finance/reports.ts';

export type FinanceQuestion = Readonly<{
  name: string;
  /** Whether a key of one tenant may ask it. */
  isForTenants: boolean;
  /** Path and query without `mode`, `as_of` and the range. */
  path: string;
  hasRange: boolean;
}>;

/** Asked on each route besides what it shows by itself. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  usage: ['', 'window=none&group_by=meter'],
  statements: ['', 'status=draft'],
};

/** Every report, and the routes of figures that are none. `earlier`: a position that `compare` compares with. */
export function financeQuestions({ month, earlier }: { month: string; earlier: bigint }): readonly FinanceQuestion[] {
  const routes = [{ name: 'usage', isOfPlatform: false }, { name: 'payments', isOfPlatform: false }, ...reports];
  return routes.flatMap(({ name, isOfPlatform }) =>
    (VARIANTS[name] ?? ['']).map((variant) => ({
      name: variant === '' ? name : `${name}?${variant}`,
      isForTenants: !isOfPlatform,
      path: `/v1/${name}?${[variant, ...parametersOf(name, variant, { month, earlier })].filter((part) => part !== '').join('&')}`,
      // Drafts are of the month that they are asked for.
      hasRange: variant !== 'status=draft',
    })),
  );
}

function parametersOf(
  name: string,
  variant: string,
  { month, earlier }: { month: string; earlier: bigint },
): readonly string[] {
  if (name === 'compare') return [`as_of_a=${earlier}`];
  return variant === 'status=draft' ? [`period=${month}`] : [];
}
