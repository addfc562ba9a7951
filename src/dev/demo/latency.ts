import type { App } from '../../app.ts';
import type { Pool } from '../../platform/postgres.ts';
import { withTransaction } from '../../platform/postgres.ts';

export type Latency = Readonly<{ webhooks: number; p50Ms: number; p95Ms: number }>;

/** Measures from the receipt of a webhook to the commit of the read models that hold its last event. */
export function startLatencyMeasure(app: App): { end(pool: Pool, since: Date): Promise<Latency | undefined> } {
  const moves: { position: bigint; at: number }[] = [];
  const endListening = app.onProjected((position, at) => moves.push({ position, at: at.getTime() }));
  return {
    async end(pool, since) {
      endListening();
      const received = await withTransaction(pool, { tenant: '*' }, async (tx) => {
        const { rows } = await tx.query<{ received_at: Date; position: string }>(
          `select w.received_at, max(e.position) as position
           from hookledger.webhooks w join hookledger.events e on e.webhook_id = w.id
           where w.received_at >= $1::timestamptz group by w.id, w.received_at`,
          [since],
        );
        return rows;
      });
      const durations = received
        .flatMap((row) => {
          const folded = moves.find(({ position }) => position >= BigInt(row.position));
          return folded === undefined ? [] : [folded.at - row.received_at.getTime()];
        })
        .toSorted((a, b) => a - b);
      if (durations.length === 0) return undefined;
      const quantile = (share: number) =>
        durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? 0;
      return { webhooks: durations.length, p50Ms: quantile(0.5), p95Ms: quantile(0.95) };
    },
  };
}
