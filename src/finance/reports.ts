import type { Report } from './report.ts';
import { usageLinesReport } from './reports/usage-lines-report.ts';

/** Every report, as it is found under /v1 and at the command line. */
export const reports: readonly Report[] = [usageLinesReport];
