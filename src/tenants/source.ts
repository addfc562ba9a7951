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
  /** What only its provider knows to read, such as an app's id; see the provider's own schema. Never a secret. */
  settings: Readonly<Record<string, unknown>>;
  /** Tenant of things that no mapping names; without it they are `unassigned`. */
  defaultTenantId?: string;
}>;

/** Where the provider is told to send its webhooks. */
export function webhookPath({ provider, id }: { provider: string; id: string }): string {
  return `/webhooks/${provider}/${id}`;
}
