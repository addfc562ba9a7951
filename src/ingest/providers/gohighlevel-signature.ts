import { verify } from 'node:crypto';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Verification } from '../provider.ts';
import { OFFICIAL_ED25519_KEY, OFFICIAL_RSA_KEY } from './gohighlevel-keys.ts';
import { readSignatureHeader } from './hmac-signature.ts';
import { readPublicKeys } from './public-keys.ts';
import { decodeBytes } from './signature-encoding.ts';

const ED25519_BYTES = 64;

type Scheme = Readonly<{
  header: string;
  kind: 'ed25519' | 'rsa';
  digest: 'sha256' | null;
  /** What the key is called where a person sets it. */
  setting: string;
  key: string;
}>;

/**
 * `X-GHL-Signature`: Ed25519 of the raw body in base64. The older `X-WH-Signature` (RSA, SHA-256) is looked at only
 * with `acceptRsa`; then every signature that came has to hold, so that a broken one can not be covered by the other.
 *
 * Neither has a time in it: a delivery can be repeated for ever, and only its dedupe key tells that it was.
 */
export function verifyGohighlevelSignature(request: IncomingRequest, source: Source): Verification {
  // Read one by one: a source whose settings are odd elsewhere still takes what is signed, to be quarantined.
  const { acceptRsa, rsaPublicKey } = source.settings;
  const ed25519: Scheme = {
    header: 'x-ghl-signature',
    kind: 'ed25519',
    digest: null,
    setting: 'publicKey',
    key: source.publicKey ?? OFFICIAL_ED25519_KEY,
  };
  const rsa: Scheme = {
    header: 'x-wh-signature',
    kind: 'rsa',
    digest: 'sha256',
    setting: 'settings.rsaPublicKey',
    key: typeof rsaPublicKey === 'string' ? rsaPublicKey : OFFICIAL_RSA_KEY,
  };
  const results = (acceptRsa === true ? [ed25519, rsa] : [ed25519]).map((scheme) => verifyWith(scheme, request));
  const given = results.filter((result) => result.verified || result.cause !== 'missing-signature');
  return given.find((result) => !result.verified) ?? given[0] ?? missing(request, acceptRsa === true);
}

function verifyWith({ header, kind, digest, setting, key }: Scheme, request: IncomingRequest): Verification {
  const read = readSignatureHeader(request, header);
  if (read.fault !== undefined) return refused(read.fault, header);
  // What GoHighLevel's own sample code sends where it has no signature.
  if (read.value.trim().toUpperCase() === 'N/A') return refused('missing-signature', header);
  const signature = decodeBytes(read.value, 'base64');
  if (signature === undefined || (kind === 'ed25519' && signature.length !== ED25519_BYTES)) {
    return refused('malformed-signature', header);
  }
  const publicKeys = readPublicKeys(key, kind);
  if (publicKeys.length === 0) return refused('no-secret-configured', `${setting} is no public key of ${kind}`);
  const isSigned = publicKeys.some((publicKey) => verify(digest, request.body, publicKey, signature));
  return isSigned ? { verified: true } : refused('wrong-signature', header);
}

function missing(request: IncomingRequest, acceptsRsa: boolean): Verification {
  const isOldOnly = !acceptsRsa && request.headers['x-wh-signature'] !== undefined;
  return refused('missing-signature', isOldOnly ? 'only x-wh-signature, without settings.acceptRsa' : undefined);
}

function refused(cause: Extract<Verification, { verified: false }>['cause'], detail?: string): Verification {
  return { verified: false, cause, ...(detail === undefined ? {} : { detail }) };
}
