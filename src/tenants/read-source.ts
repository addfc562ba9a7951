import type { Books, Mode } from '../domain/stream.ts';
import type { Tx } from '../platform/postgres.ts';
import type { Source } from './source.ts';

type SourceRow = Readonly<{
  id: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  secrets: readonly string[];
  settings: Readonly<Record<string, unknown>>;
  public_url: string | null;
  public_key: string | null;
  default_tenant_id: string | null;
}>;

/** A source with its secrets still sealed. */
export async function readSource(tx: Tx, id: string): Promise<Source | undefined> {
  const { rows } = await tx.query<SourceRow>(
    `select id, provider, account, mode, books, secrets, settings, public_url, public_key, default_tenant_id
    from hookledger.sources where id = $1::text`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { public_url: publicUrl, public_key: publicKey, default_tenant_id: defaultTenantId, ...source } = row;
  return {
    ...source,
    ...(publicUrl === null ? {} : { publicUrl }),
    ...(publicKey === null ? {} : { publicKey }),
    ...(defaultTenantId === null ? {} : { defaultTenantId }),
  };
}
