import { z } from 'zod';
import type { Source } from '../../tenants/source.ts';

const inbound = z.strictObject({
  /** Set for every call and chat that comes in. Retell takes texts only. */
  dynamic_variables: z.record(z.string(), z.string()).optional(),
  /** Which agent answers a number, by the number as Retell writes it (`+1…`); the number's own agent elsewhere. */
  override_agent_id: z
    .record(z.string().regex(/^\+?\d{3,20}$/, 'is no number such as +12025550198'), z.string().min(1))
    .optional(),
});
export type InboundSettings = z.infer<typeof inbound>;

/** In Retell's own words, as they go into the answer. */
export const retellSettings = z.strictObject({ inbound: inbound.optional() });

/** Settings that do not hold change nothing: the caller must not wait for us to mend them. */
export function inboundSettings({ settings }: Source): InboundSettings {
  return retellSettings.safeParse(settings).data?.inbound ?? {};
}
