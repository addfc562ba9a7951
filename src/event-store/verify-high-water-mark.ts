import type { Tx } from '../platform/postgres.ts';

export class HighWaterMarkError extends Error {
  override readonly name = 'HighWaterMarkError';
  readonly code = 'high_water_mark';
}

/**
 * Refuses a database whose sequence stands below its mark, its events or its webhooks: the next positions would lie
 * under what readers have passed, and be skipped. That is what a partly restored database looks like.
 */
export async function verifyHighWaterMark(tx: Tx): Promise<void> {
  const { rows } = await tx.query<{ drawn: string; mark: string; highest: string }>(
    `select (select case when is_called then last_value else last_value - 1 end from hookledger.position_seq) as drawn,
       (select position from hookledger.high_water_mark) as mark,
       coalesce(greatest(
         (select max(position) from hookledger.events), (select max(position) from hookledger.webhooks)), 0) as highest`,
  );
  const { drawn, mark, highest } = rows[0] ?? { drawn: '0', mark: '0', highest: '0' };
  if (BigInt(drawn) < BigInt(mark) || BigInt(drawn) < BigInt(highest)) {
    throw new HighWaterMarkError(
      `The position sequence stands at ${drawn}, below the high-water mark ${mark} or the last record ${highest}. ` +
        `Before anything writes, set it: select setval('hookledger.position_seq', greatest(${mark}, ${highest})).`,
    );
  }
}
