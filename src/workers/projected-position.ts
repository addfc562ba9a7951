/** So old may an answer be for a doorbell that is ahead of it. */
const FRESH_MS = 50;

export type ProjectedPosition = (wanted: bigint) => Promise<bigint>;

/**
 * How far the read models have come, by `read`, for whoever wants to know whether they have reached `wanted`. What they
 * have reached they do not lose: one answer serves everybody at or behind it, without another look. Those ahead of it
 * share one look within 50 ms. `now`: milliseconds of a clock that never goes back.
 */
export function createProjectedPosition(deps: { read: () => Promise<bigint>; now: () => number }): ProjectedPosition {
  let reached = -1n;
  let readAt = -Infinity;
  let reading = Promise.resolve(reached);
  return async (wanted) => {
    if (wanted <= reached) return reached;
    if (deps.now() - readAt >= FRESH_MS) {
      readAt = deps.now();
      reading = deps.read();
    }
    const position = await reading;
    if (position > reached) reached = position;
    return reached;
  };
}
