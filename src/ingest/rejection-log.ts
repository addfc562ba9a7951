import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from '../platform/logger.ts';
import type { Pool } from '../platform/postgres.ts';
import type { IncomingRequest } from './provider.ts';

export type Rejection = Readonly<{
  request: IncomingRequest;
  address: Readonly<{ provider: string; sourceId: string }>;
  cause: string;
  /** For people; no secret, and nothing of the body. */
  detail?: string;
}>;

export type RejectionLog = Readonly<{
  /** Keeps time, source, cause, header names and a hash of the body: never a value that could be a secret. */
  record(rejection: Rejection): void;
  /** Resolves when everything recorded so far is written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}>;

const FLUSH_MS = 200;
/** A flood is not worth more memory than this; the rest is only counted. */
const MAX_BUFFERED = 1_000;
const MAX_NAME = 200;
const MAX_DETAIL = 1_000;

/** Buffered, so that a flood of forged requests costs one statement in a while and never a connection each. */
export function createRejectionLog({ pool, logger }: { pool: Pool; logger: Logger }): RejectionLog {
  let buffer: Record<string, unknown>[] = [];
  let dropped = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const rows = buffer;
    buffer = [];
    if (rows.length === 0) return;
    try {
      await pool.query(`select hookledger.record_rejections($1::json)`, [JSON.stringify(rows)]);
    } catch (error) {
      logger.warn(
        { err: error, rejections: rows.length },
        'rejections not written; the requests were refused all the same',
      );
    }
    if (dropped > 0) {
      logger.warn({ dropped }, 'rejections beyond the buffer were only counted');
      dropped = 0;
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    record({ request, address, cause, detail }) {
      if (buffer.length >= MAX_BUFFERED) {
        dropped += 1;
        return;
      }
      buffer.push({
        id: randomUUID(),
        rejected_at: request.receivedAt.toISOString(),
        provider: printable(address.provider),
        source_id: printable(address.sourceId),
        cause,
        detail: detail === undefined ? undefined : printable(detail, MAX_DETAIL),
        header_names: Object.keys(request.headers).slice(0, 100),
        body_hash: `\\x${createHash('sha256').update(request.body).digest('hex')}`,
        body_bytes: request.body.length,
      });
      timer ??= setTimeout(() => void flush(), FLUSH_MS);
    },
    flush,
    close: flush,
  };
}

/** Anyone may write anything into the path; PostgreSQL takes no NUL and no lone surrogate. */
function printable(text: string, length = MAX_NAME): string {
  return text.slice(0, length).toWellFormed().replaceAll('\0', '\u{fffd}');
}
