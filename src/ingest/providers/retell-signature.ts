import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Verification } from '../provider.ts';
import { clockFault, isSignedByAny, readSignatureHeader, usableSecrets } from './hmac-signature.ts';

const TOLERANCE_MS = 300_000;
const SIGNATURE = /^v=([1-9]\d{0,15}),d=([0-9a-f]{64})$/;

/** `X-Retell-Signature: v=<milliseconds>,d=<hex>`, HMAC-SHA256 of the body followed by the milliseconds, by API key. */
export function verifyRetellSignature(request: IncomingRequest, source: Source, now: Date): Verification {
  const secrets = usableSecrets(source.secrets);
  if (secrets.length === 0) return { verified: false, cause: 'no-secret-configured' };
  const header = readSignatureHeader(request, 'x-retell-signature');
  if (header.fault !== undefined) return { verified: false, cause: header.fault };

  const [, milliseconds, digest] = SIGNATURE.exec(header.value) ?? [];
  if (milliseconds === undefined || digest === undefined) return { verified: false, cause: 'malformed-signature' };
  if (!isSignedByAny(secrets, [request.body, milliseconds], [Buffer.from(digest, 'hex')])) {
    return { verified: false, cause: 'wrong-signature' };
  }
  const cause = clockFault(Number(milliseconds), now.getTime(), TOLERANCE_MS);
  return cause === undefined
    ? { verified: true, signedAt: new Date(Number(milliseconds)) }
    : { verified: false, cause };
}
