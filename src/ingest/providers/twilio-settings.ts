import { z } from 'zod';
import type { Source } from '../../tenants/source.ts';

const twiml = z.string().regex(/^\s*<[^]*>\s*$/, 'is no TwiML, such as <Response/>');

/** What the settings of a source of Twilio may hold. */
export const twilioSettings = z.strictObject({
  /** Whether this source also takes what subaccounts send; otherwise only its own account. */
  subaccounts: z.boolean().optional(),
  /** Answers an incoming call, and what goes on after a `<Dial>`, `<Gather>` or `<Record>`. */
  voiceTwiml: twiml.optional(),
  /** Answers an incoming message. */
  messageTwiml: twiml.optional(),
});

type TwilioSettings = Readonly<{ subaccounts: boolean; voiceTwiml: string; messageTwiml: string }>;

/** They are checked when a source is made. Should they be odd all the same, a call that rings is answered nonetheless. */
export function readTwilioSettings({ settings }: Source): TwilioSettings {
  const { subaccounts = false, voiceTwiml, messageTwiml } = twilioSettings.safeParse(settings).data ?? {};
  return { subaccounts, voiceTwiml: voiceTwiml ?? '<Response/>', messageTwiml: messageTwiml ?? '<Response/>' };
}
