import type { Books, Mode } from '../domain/stream.ts';
import { SourceEntity } from './entities.ts';
import { administer } from './orm.ts';
import type { Orm } from './orm.ts';
import { webhookPath } from './source.ts';

/** A source as it may be shown: it says how many secrets are live, and not one of them. */
export type ListedSource = Readonly<{
  id: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  path: string;
  liveSecrets: number;
  publicUrl?: string;
  publicKey?: string;
  settings: Readonly<Record<string, unknown>>;
  defaultTenantId?: string;
  createdAt: Date;
}>;

/** By provider and account. */
export async function listSources({ orm }: { orm: Orm }): Promise<readonly ListedSource[]> {
  const sources = await administer(orm, (em) =>
    em.find(SourceEntity, {}, { orderBy: { provider: 'asc', account: 'asc', mode: 'asc' } }),
  );
  return sources.map((source) => ({
    id: source.id,
    provider: source.provider,
    account: source.account,
    mode: source.mode,
    books: source.books,
    path: webhookPath(source),
    liveSecrets: source.secrets.length,
    ...(typeof source.publicUrl === 'string' ? { publicUrl: source.publicUrl } : {}),
    ...(typeof source.publicKey === 'string' ? { publicKey: source.publicKey } : {}),
    settings: source.settings,
    ...(typeof source.defaultTenantId === 'string' ? { defaultTenantId: source.defaultTenantId } : {}),
    createdAt: source.createdAt,
  }));
}
