import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Verification } from '../provider.ts';
import { clockFault, isSignedByAny, readSignatureHeader, usableSecrets } from './hmac-signature.ts';

const TOLERANCE_MS = 300_000;
const TIMESTAMP = /^t=([1-9]\d{0,11})$/;
const SIGNATURE = /^v1=([0-9a-f]{64})$/;

/**
 * `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>…]`, HMAC-SHA256 of `t.body` with the endpoint's secret.
 *
 * Stricter than Stripe's own library: the future is refused too, a timestamp is plain digits and stands once, and the
 * bytes are hashed as they came (the library drops a byte order mark). `v0`, meant for tests, proves nothing.
 */
export function verifyStripeSignature(request: IncomingRequest, source: Source, now: Date): Verification {
  const secrets = usableSecrets(source.secrets);
  if (secrets.length === 0) return { verified: false, cause: 'no-secret-configured' };
  const header = readSignatureHeader(request, 'stripe-signature');
  if (header.fault !== undefined) return { verified: false, cause: header.fault };

  const items = header.value.split(',');
  const timestamps = items.filter((item) => item.startsWith('t='));
  const timestamp = TIMESTAMP.exec(timestamps[0] ?? '')?.[1];
  const digests = items.flatMap((item) => SIGNATURE.exec(item)?.[1] ?? []).map((hex) => Buffer.from(hex, 'hex'));
  if (timestamp === undefined || timestamps.length > 1 || digests.length === 0) {
    return { verified: false, cause: 'malformed-signature' };
  }
  if (!isSignedByAny(secrets, [`${timestamp}.`, request.body], digests)) {
    return { verified: false, cause: 'wrong-signature' };
  }
  // Stripe counts whole seconds: a signature is exactly 300 s old until the clock shows 301.
  const cause = clockFault(Number(timestamp) * 1000, Math.floor(now.getTime() / 1000) * 1000, TOLERANCE_MS);
  return cause === undefined
    ? { verified: true, signedAt: new Date(Number(timestamp) * 1000) }
    : { verified: false, cause };
}
