import { foldPayout } from './payout-fold.ts';
import type { PayoutState } from './payout-fold.ts';
import { createStreamProjection } from './stream-projection.ts';

/** Money on its way to our bank: a row for each event that touches a payout. */
export const payoutsProjection = createStreamProjection<PayoutState, never>({
  name: 'payouts',
  foldVersion: 1,
  streamKind: 'payout',
  types: ['PayoutPaid', 'PayoutFailed', 'StreamTenantMoved'],
  fold: foldPayout,
  stateTable: 'payouts',
  stateRow: ({ payoutId, tenantId, provider, account, mode, books, report, paidAt, failedAt }) => ({
    payout_id: payoutId,
    tenant_id: tenantId,
    provider,
    account,
    mode,
    books,
    status: report.status,
    amount: report.payout.amount,
    currency: report.payout.currency,
    is_automatic: report.payout.automatic,
    method: report.payout.method,
    arrives_at: report.payout.arrivesAt,
    paid_at: paidAt,
    failed_at: failedAt,
    failure_code: report.payout.failureCode,
  }),
});
