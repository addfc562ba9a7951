import type { Tx } from '../../platform/postgres.ts';

export type ListedRejection = Readonly<{
  id: string;
  rejectedAt: Date;
  /** As the request's path said; of an unknown source, whatever somebody wrote there. */
  provider: string;
  sourceId: string;
  cause: string;
  detail: string | null;
  headerNames: readonly string[];
  /** SHA-256, hex. */
  bodyHash: string;
  bodyBytes: number;
}>;

/** Newest first. */
export async function listRejections(tx: Tx, { limit }: { limit: number }): Promise<readonly ListedRejection[]> {
  const { rows } = await tx.query<ListedRejection>(
    `select id, rejected_at as "rejectedAt", provider, source_id as "sourceId", cause, detail, header_names as "headerNames",
       encode(body_hash, 'hex') as "bodyHash", body_bytes as "bodyBytes"
     from hookledger.rejections
     order by rejected_at desc, id
     limit $1::integer`,
    [limit],
  );
  return rows;
}
