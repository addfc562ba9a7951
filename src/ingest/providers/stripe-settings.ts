import { z } from 'zod';
import type { Source } from '../../tenants/source.ts';

export const stripeSettings = z.strictObject({
  /** Accounts connected to that of the source (Stripe Connect) whose events are accepted: all, or these. */
  connectedAccounts: z.union([z.literal('*'), z.array(z.string().regex(/^acct_\w+$/)).max(10_000)]).optional(),
});

/** Settings that do not hold connect nobody. */
export function isConnected({ settings }: Source, account: string): boolean {
  const { connectedAccounts = [] } = stripeSettings.safeParse(settings).data ?? {};
  return connectedAccounts === '*' || connectedAccounts.includes(account);
}
