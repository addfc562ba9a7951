import type { Tx } from '../platform/postgres.ts';

/** A request that was refused. Not for a tenant's reader. */
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

/** Where a page of rejections begins: below this one. */
export type RejectionKey = Readonly<Pick<ListedRejection, 'rejectedAt' | 'id'>>;

/** One that is left out does not filter. */
export type RejectionFilter = Readonly<{
  providers?: readonly string[] | undefined;
  sourceIds?: readonly string[] | undefined;
  causes?: readonly string[] | undefined;
  from?: Date | undefined;
  to?: Date | undefined;
}>;

/** Newest first. */
export async function listRejections(
  tx: Tx,
  { limit, before, ...filter }: RejectionFilter & Readonly<{ limit: number; before?: RejectionKey | undefined }>,
): Promise<readonly ListedRejection[]> {
  const { rows } = await tx.query<ListedRejection>(
    `select id, rejected_at as "rejectedAt", provider, source_id as "sourceId", cause, detail,
       header_names as "headerNames", encode(body_hash, 'hex') as "bodyHash", body_bytes as "bodyBytes"
     from hookledger.rejections
     where ($2::timestamptz is null or (rejected_at, id) < ($2::timestamptz, $3::uuid))
       and ($4::text[] is null or provider = any ($4::text[]))
       and ($5::text[] is null or source_id = any ($5::text[]))
       and ($6::text[] is null or cause = any ($6::text[]))
       and ($7::timestamptz is null or rejected_at >= $7::timestamptz)
       and ($8::timestamptz is null or rejected_at < $8::timestamptz)
     order by rejected_at desc, id desc
     limit $1::integer`,
    [
      limit,
      before?.rejectedAt ?? null,
      before?.id ?? null,
      filter.providers ?? null,
      filter.sourceIds ?? null,
      filter.causes ?? null,
      filter.from ?? null,
      filter.to ?? null,
    ],
  );
  return rows;
}
