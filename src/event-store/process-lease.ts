import type { Pool } from '../platform/postgres.ts';

/** Work that one process does for all of them, named by its row in hookledger.leases. */
export type ProcessLease = Readonly<{
  /** Takes or keeps the lease; false while another process has it. Asks the database at half its time only. */
  hold(): Promise<boolean>;
  /** Gives it back, so that the next process need not wait for its end. Safe to repeat. */
  release(): Promise<void>;
}>;

/** A holder that hangs may go on beside the next one: the work must be harmless when two do it. */
export function createProcessLease(deps: { pool: Pool; name: string; owner: string; seconds: number }): ProcessLease {
  const { pool, name, owner, seconds } = deps;
  let heldUntil = 0;
  return {
    async hold() {
      if (performance.now() < heldUntil - (seconds * 1_000) / 2) return true;
      const asked = performance.now();
      const { rowCount } = await pool.query(
        `update hookledger.leases
         set owner = $2::text, lease_until = clock_timestamp() + make_interval(secs => $3::integer),
           token = token + (owner is distinct from $2::text)::integer
         where name = $1::text and (owner = $2::text or lease_until < clock_timestamp())`,
        [name, owner, seconds],
      );
      heldUntil = rowCount === 1 ? asked + seconds * 1_000 : 0;
      return rowCount === 1;
    },
    async release() {
      if (heldUntil === 0) return;
      heldUntil = 0;
      await pool.query(
        `update hookledger.leases set owner = null, lease_until = '-infinity'
         where name = $1::text and owner = $2::text`,
        [name, owner],
      );
    },
  };
}
