import { verify as verifySignature } from 'node:crypto';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, SignatureFault, Verification } from '../provider.ts';
import { clockFault, isSignedByAny } from './hmac-signature.ts';
import { readPublicKeys } from './public-keys.ts';
import { decodeBytes } from './signature-encoding.ts';

const TOLERANCE_MS = 300_000;
const TIMESTAMP = /^[1-9]\d{0,11}$/;
const NAMES = ['id', 'timestamp', 'signature'] as const;

/** The three headers of one delivery. */
export type StandardHeaders = Readonly<{ id: string; timestamp: string; signature: string }>;

/**
 * `webhook-id`, `webhook-timestamp` (seconds) and `webhook-signature` (`v1,<base64>` for HMAC-SHA256, `v1a,<base64>` for
 * Ed25519, several apart by spaces) over `id.timestamp.body`; `svix-…` are their older names. Signatures of a version
 * that the source has no key for prove nothing, and neither do those of unknown versions.
 */
export function verifyStandardSignature(request: IncomingRequest, source: Source, now: Date): Verification {
  const secrets = source.secrets.map(readSecret).filter((secret) => secret !== undefined);
  const publicKeys = source.publicKey === undefined ? [] : readPublicKeys(source.publicKey, 'ed25519');
  if (secrets.length === 0 && publicKeys.length === 0) {
    const given = source.secrets.length > 0 || source.publicKey !== undefined;
    const detail = 'No secret is base64 (whsec_…), and no public key is an Ed25519 key (whpk_…).';
    return { verified: false, cause: 'no-secret-configured', ...(given ? { detail } : {}) };
  }
  const headers = readStandardHeaders(request);
  if (headers.fault !== undefined) return { verified: false, cause: headers.fault };
  const { id, timestamp, signature } = headers.value;

  const entries = signature.split(' ').filter((entry) => entry !== '');
  const digests = signaturesOf('v1', entries);
  const asymmetric = signaturesOf('v1a', entries);
  if (!TIMESTAMP.test(timestamp) || digests.length + asymmetric.length === 0) {
    return { verified: false, cause: 'malformed-signature' };
  }
  const start = `${id}.${timestamp}.`;
  const signed = Buffer.concat([Buffer.from(start), request.body]);
  const isSigned =
    isSignedByAny(secrets, [start, request.body], digests) ||
    publicKeys.some((key) => asymmetric.some((each) => verifySignature(null, signed, key, each)));
  if (!isSigned) return { verified: false, cause: 'wrong-signature' };

  const signedAtMs = Number(timestamp) * 1000;
  const cause = clockFault(signedAtMs, Math.floor(now.getTime() / 1000) * 1000, TOLERANCE_MS);
  return cause === undefined ? { verified: true, signedAt: new Date(signedAtMs) } : { verified: false, cause };
}

/** The headers of one of the two families; both at once leave open which one was looked at before us. */
export function readStandardHeaders(
  request: IncomingRequest,
): Readonly<{ value: StandardHeaders; fault?: never }> | Readonly<{ value?: never; fault: SignatureFault }> {
  const families = ['webhook', 'svix'].filter((family) =>
    NAMES.some((name) => request.headers[`${family}-${name}`] !== undefined),
  );
  const [family = 'webhook'] = families;
  const values = NAMES.map((name) => request.headers[`${family}-${name}`] ?? []);
  if (families.length > 1 || values.some((each) => each.length > 1)) return { fault: 'doubled-signature' };
  const [id = '', timestamp = '', signature = ''] = values.map(([value = '']) => value.trim());
  if (id === '' || timestamp === '' || signature === '') return { fault: 'missing-signature' };
  return { value: { id, timestamp, signature } };
}

function signaturesOf(version: 'v1' | 'v1a', entries: readonly string[]): readonly Buffer[] {
  return entries
    .filter((entry) => entry.startsWith(`${version},`))
    .map((entry) => decodeBytes(entry.slice(version.length + 1), 'base64'))
    .filter((bytes) => bytes !== undefined);
}

function readSecret(secret: string): Buffer | undefined {
  return decodeBytes(secret.replace(/^whsec_/, ''), 'base64');
}
