import type { Report } from './report.ts';
import { adjustmentsReport } from './reports/adjustments-report.ts';
import { compareReport } from './reports/compare-report.ts';
import { periodsReport } from './reports/periods-report.ts';
import { usageLinesReport } from './reports/usage-lines-report.ts';

/** Every report, as it is found under /v1 and at the command line. */
export const reports: readonly Report[] = [usageLinesReport, periodsReport, adjustmentsReport, compareReport];
