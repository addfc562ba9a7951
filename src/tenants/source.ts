import type { Books, Mode } from '../domain/stream.ts';

/** One account at one provider that sends us webhooks. */
export type Source = Readonly<{
  id: string;
  provider: string;
  account: string;
  mode: Mode;
  books: Books;
  /** Live secrets in the clear, newest first, at most two. Never logged. */
  secrets: readonly string[];
  publicUrl?: string;
  publicKey?: string;
  /** Tenant of things that no mapping names; without it they are `unassigned`. */
  defaultTenantId?: string;
}>;

/** Where the provider is told to send its webhooks. */
export function webhookPath({ provider, id }: { provider: string; id: string }): string {
  return `/webhooks/${provider}/${id}`;
}
