import type { Lane } from './read-lanes.ts';
import type { LaneQuota } from './read-outbox.ts';

/**
 * One round of weighted round robin over the lanes that are behind: each gets its weight's share of its queue's
 * budget, at least one row while the budget lasts. Every row costs the same, so no deficit needs to be carried: a lane
 * that a short budget leaves out stands first in the next round (`lanes` is in the order of the last service).
 */
export function shareBudget(lanes: readonly Lane[], budgets: ReadonlyMap<string, number>): readonly LaneQuota[] {
  const weights = new Map<string, number>();
  for (const lane of lanes) weights.set(lane.queue, (weights.get(lane.queue) ?? 0) + lane.weight);
  const left = new Map(budgets);
  return lanes.flatMap((lane) => {
    const budget = budgets.get(lane.queue) ?? 0;
    const share = Math.max(1, Math.floor((budget * lane.weight) / (weights.get(lane.queue) ?? 1)));
    const limit = Math.min(share, left.get(lane.queue) ?? 0);
    if (limit <= 0) return [];
    left.set(lane.queue, (left.get(lane.queue) ?? 0) - limit);
    return [{ lane, limit }];
  });
}
