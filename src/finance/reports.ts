import type { Report } from './report.ts';
import { adjustmentsReport } from './reports/adjustments-report.ts';
import { ageingReport } from './reports/ageing-report.ts';
import { creditNotesReport } from './reports/credit-notes-report.ts';
import { compareReport } from './reports/compare-report.ts';
import { disputesReport } from './reports/disputes-report.ts';
import { leakageReport } from './reports/leakage-report.ts';
import { costsReport } from './reports/costs-report.ts';
import { fxRatesReport } from './reports/fx-rates-report.ts';
import { marginReport } from './reports/margin-report.ts';
import { paymentFailuresReport } from './reports/payment-failures-report.ts';
import { paymentsReport } from './reports/payments-report.ts';
import { payoutReconciliationReport } from './reports/payout-reconciliation-report.ts';
import { payoutTransactionsReport } from './reports/payout-transactions-report.ts';
import { payoutsReport } from './reports/payouts-report.ts';
import { periodsReport } from './reports/periods-report.ts';
import { providerCostsReport } from './reports/provider-costs-report.ts';
import { receivablesReport } from './reports/receivables-report.ts';
import { refundsReport } from './reports/refunds-report.ts';
import { statementsReport } from './reports/statements-report.ts';
import { summaryReport } from './reports/summary-report.ts';
import { usageLinesReport } from './reports/usage-lines-report.ts';

/** Every report, as it is found under /v1 and at the command line. */
export const reports: readonly Report[] = [
  usageLinesReport,
  costsReport,
  marginReport,
  summaryReport,
  providerCostsReport,
  fxRatesReport,
  periodsReport,
  adjustmentsReport,
  compareReport,
  statementsReport,
  leakageReport,
  receivablesReport,
  ageingReport,
  paymentsReport,
  paymentFailuresReport,
  refundsReport,
  creditNotesReport,
  disputesReport,
  payoutsReport,
  payoutReconciliationReport,
  payoutTransactionsReport,
];
