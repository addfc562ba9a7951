import { z } from 'zod';
import type { Source } from '../../tenants/source.ts';

const id = z.string().min(1).optional();

/** Ids of GoHighLevel, and which of its two signatures is enough. */
export const gohighlevelSettings = z.strictObject({
  /** Our app in GoHighLevel's marketplace: an event that names another one is quarantined. */
  appId: id,
  /** Our agency: an event that names another one is quarantined. */
  companyId: id,
  /** Whether the older `X-WH-Signature` (RSA) is enough where `X-GHL-Signature` is missing. */
  acceptRsa: z.boolean().optional(),
  /** Another RSA key than the official one: PEM, or DER in base64. */
  rsaPublicKey: id,
});
export type GohighlevelSettings = z.infer<typeof gohighlevelSettings>;

/** The settings of a source, or what is wrong with them. */
export function readSettings({
  settings,
}: Source): Readonly<{ settings: GohighlevelSettings; fault?: never }> | Readonly<{ settings?: never; fault: string }> {
  const parsed = gohighlevelSettings.safeParse(settings);
  return parsed.success ? { settings: parsed.data } : { fault: z.prettifyError(parsed.error) };
}
