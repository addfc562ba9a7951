/** An outcome, and the appeal against one, is known after everything else. */
const DECIDED = /^(won|lost|warning_closed|prevented|appeal_.*)$/;

/** Where a report of a dispute stands among the others of it. */
export function disputeRank(type: 'DisputeOpened' | 'DisputeUpdated' | 'DisputeClosed', status: string): number {
  if (DECIDED.test(status)) return 30;
  return type === 'DisputeOpened' ? 10 : 20;
}
