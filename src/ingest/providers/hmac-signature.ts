import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingRequest, SignatureFault } from '../provider.ts';

/** The one value of a signature header. Two of them leave open which one a proxy in front of us looked at. */
export function readSignatureHeader(
  request: IncomingRequest,
  name: string,
): Readonly<{ value: string; fault?: never }> | Readonly<{ fault: SignatureFault }> {
  const values = request.headers[name] ?? [];
  const [value = ''] = values;
  if (values.length > 1) return { fault: 'doubled-signature' };
  if (value.trim() === '') return { fault: 'missing-signature' };
  return { value };
}

/** An empty secret signs nothing: anyone could. */
export function usableSecrets(secrets: readonly string[]): readonly string[] {
  return secrets.filter((secret) => secret !== '');
}

/** HMAC-SHA256 of the parts in order. Constant time: each secret meets each digest, whatever matched before. */
export function isSignedByAny(
  secrets: readonly (string | Buffer)[],
  parts: readonly (string | Buffer)[],
  digests: readonly Buffer[],
): boolean {
  let matches = 0;
  for (const secret of secrets) {
    const hmac = createHmac('sha256', secret);
    for (const part of parts) hmac.update(part);
    const expected = hmac.digest();
    for (const digest of digests) {
      matches += Number(digest.length === expected.length && timingSafeEqual(digest, expected));
    }
  }
  return matches > 0;
}

/** Holds in both directions and includes its bounds. */
export function clockFault(signedAtMs: number, nowMs: number, toleranceMs: number): SignatureFault | undefined {
  if (nowMs - signedAtMs > toleranceMs) return 'expired-signature';
  if (signedAtMs - nowMs > toleranceMs) return 'future-signature';
  return undefined;
}
