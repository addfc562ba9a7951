import { callsProjection } from '../projections/calls-projection.ts';
import { invoicesProjection } from '../projections/invoices-projection.ts';
import { paymentsProjection } from '../projections/payments-projection.ts';
import { payoutsProjection } from '../projections/payouts-projection.ts';
import { usageProjection } from '../projections/usage-projection.ts';

export const PROJECTIONS = [
  usageProjection,
  paymentsProjection,
  invoicesProjection,
  payoutsProjection,
  callsProjection,
] as const;
