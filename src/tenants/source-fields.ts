import { z } from 'zod';

/** What may be said of a source when it is made and changed later. */
export const sourceFields = {
  /** Where the provider sends to, when it signs the address too. */
  publicUrl: z.url({ protocol: /^https?$/ }),
  publicKey: z.string().min(1).max(10_000),
  /** Checked by the provider's own schema where the provider is known. */
  settings: z.record(z.string(), z.unknown()),
};
