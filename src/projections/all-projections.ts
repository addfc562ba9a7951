import { callsProjection } from './calls-projection.ts';
import { UnknownProjectionError } from './checkpoint.ts';
import { invoicesProjection } from './invoices-projection.ts';
import { paymentsProjection } from './payments-projection.ts';
import { payoutsProjection } from './payouts-projection.ts';
import type { Projection } from './projection.ts';
import { usageProjection } from './usage-projection.ts';

/** Every fold that some version of a read model may be of; of those of one read model, the newest fold last. */
export const PROJECTIONS: readonly Projection[] = [
  usageProjection,
  paymentsProjection,
  invoicesProjection,
  payoutsProjection,
  callsProjection,
];

/**
 * The fold of that version, or the newest.
 * @throws UnknownProjectionError where there is none in the list.
 */
export function projectionNamed(projections: readonly Projection[], name: string, foldVersion?: number): Projection {
  const found = projections.findLast(
    (each) => each.name === name && (foldVersion === undefined || each.foldVersion === foldVersion),
  );
  if (found !== undefined) return found;
  const names = [...new Set(projections.map((each) => each.name))].join(', ');
  throw new UnknownProjectionError(
    foldVersion === undefined
      ? `There is no projection ${name}; there are ${names}.`
      : `Version ${foldVersion} of the fold of ${name} is not part of this release.`,
  );
}
