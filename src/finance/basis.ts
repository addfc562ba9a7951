import { z } from 'zod';

/**
 * By which time a figure counts. `service`: when it was used, issued or settled, whatever was known when; so that a later
 * fact restates its month. `booked`: as reported; what was late for a closed month counts at the beginning of the month
 * that it is booked in. Over all time both are the same.
 */
const BASES = ['service', 'booked'] as const;
export type Basis = (typeof BASES)[number];

export const basisChoice = z.enum(BASES, `is one of ${BASES.join(', ')}`);

export const basisParameter = basisChoice
  .default('service')
  .describe('service: restated by late facts; booked: as reported, late facts in the month that they are booked in.');
