import type { Tx } from '../platform/postgres.ts';
import { ParameterError } from './parameter-error.ts';

/** `page`: a further page of an answer that stood at `position` and was asked for at `at`. */
export type AsOfRequest =
  | Readonly<{ kind: 'now' }>
  | Readonly<{ kind: 'position'; position: bigint }>
  | Readonly<{ kind: 'time'; at: Date }>
  | Readonly<{ kind: 'page'; position: bigint; at: Date }>;

/** Where in the log a figure stands. Asked for again by its position, a figure of lines is the same for ever. */
export type AsOf = Readonly<{
  position: bigint;
  /** When the log had reached that position; for an answer as of now, the time of asking. */
  recordedAt: Date;
}>;

/**
 * The one position that an answer stands at, at most `modelPosition`.
 * @throws ParameterError when asked for a position that the model has not folded, or a time that has not come.
 */
export async function resolveAsOf(
  tx: Tx,
  request: AsOfRequest,
  { modelPosition, now }: { modelPosition: bigint; now: Date },
): Promise<AsOf> {
  switch (request.kind) {
    case 'now':
      return { position: modelPosition, recordedAt: now };
    case 'page':
      refuseAhead(request.position, modelPosition);
      return { position: request.position, recordedAt: request.at };
    case 'position':
      refuseAhead(request.position, modelPosition);
      return { position: request.position, recordedAt: await readTimeOf(tx, request.position) };
    case 'time': {
      if (request.at > now) throw new ParameterError('as_of', 'is in the future.');
      const position = await readPositionAt(tx, request.at);
      refuseAhead(position, modelPosition);
      return { position, recordedAt: await readTimeOf(tx, position) };
    }
  }
}

function refuseAhead(position: bigint, modelPosition: bigint): void {
  if (position > modelPosition) {
    throw new ParameterError(
      'as_of',
      `position ${position} is not folded yet; the read model stands at ${modelPosition}.`,
    );
  }
}

async function readPositionAt(tx: Tx, at: Date): Promise<bigint> {
  const { rows } = await tx.query<{ position: string }>(
    `select position from hookledger.high_water_mark_history where at <= $1::timestamptz order by at desc limit 1`,
    [at],
  );
  return BigInt(rows[0]?.position ?? '0');
}

/** When the log had reached a position. */
export async function readTimeOf(tx: Tx, position: bigint): Promise<Date> {
  const { rows } = await tx.query<{ at: Date }>(
    `select coalesce(
       (select h.at from hookledger.high_water_mark_history h where h.position >= $1::bigint order by h.position limit 1),
       m.moved_at) as at
     from hookledger.high_water_mark m`,
    [String(position)],
  );
  return rows[0]?.at ?? new Date(0);
}
