import { createHmac, timingSafeEqual, verify as verifyByKey } from 'node:crypto';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, SignatureFault, Verification } from '../provider.ts';
import { MAX_HEADER_LENGTH } from './custom-pattern.ts';
import type { CustomSettings } from './custom-settings.ts';
import { customSettings } from './custom-settings.ts';
import { clockFault, readSignatureHeader, usableSecrets } from './hmac-signature.ts';
import { readPublicKeys } from './public-keys.ts';
import { decodeBytes } from './signature-encoding.ts';

const DEFAULT_TOLERANCE_SECONDS = 300;
const HMACS = { 'hmac-sha1': 'sha1', 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' } as const;

type Refused = Readonly<{ cause: SignatureFault; detail?: string }>;
type Read<T> = Readonly<{ value: T; refused?: never }> | Readonly<{ refused: Refused }>;

/** As the settings of the source say; refused where they are wrong, or leave anything open. */
export function verifyCustomSignature(request: IncomingRequest, source: Source, now: Date): Verification {
  const parsed = customSettings.safeParse(source.settings);
  if (!parsed.success) {
    return refuse({ cause: 'no-secret-configured', detail: 'The settings of the source are not those of a scheme.' });
  }
  const settings = parsed.data;
  const check = readCheck(settings, source);
  if (check.refused !== undefined) return refuse(check.refused);
  const given = readSignature(request, settings);
  if (given.refused !== undefined) return refuse(given.refused);
  const { signature, timestamp } = given.value;
  const content = signedContent(request, source, settings, timestamp);
  if (content.refused !== undefined) return refuse(content.refused);
  if (!check.value(content.value, signature)) return refuse({ cause: 'wrong-signature' });
  if (timestamp === undefined) return { verified: true };

  const signedAtMs = Number(timestamp) * (settings.timestampUnit === 's' ? 1000 : 1);
  const toleranceMs = (settings.toleranceSeconds ?? DEFAULT_TOLERANCE_SECONDS) * 1000;
  const cause = clockFault(signedAtMs, now.getTime(), toleranceMs);
  return cause === undefined ? { verified: true, signedAt: new Date(signedAtMs) } : refuse({ cause });
}

function refuse(refused: Refused): Verification {
  return { verified: false, ...refused };
}

/** What tells a true signature, by the keys that the source has. */
function readCheck(
  { algorithm, secretEncoding }: CustomSettings,
  { secrets, publicKey }: Source,
): Read<(content: Buffer, signature: Buffer) => boolean> {
  if (algorithm === 'ed25519' || algorithm === 'rsa-sha256') {
    const kind = algorithm === 'ed25519' ? 'ed25519' : 'rsa';
    const keys = publicKey === undefined ? [] : readPublicKeys(publicKey, kind);
    const detail = `The source has no ${kind} public key.`;
    if (keys.length === 0) return { refused: { cause: 'no-secret-configured', detail } };
    const hash = algorithm === 'ed25519' ? null : 'sha256';
    return { value: (content, signature) => keys.some((key) => verifyByKey(hash, content, key, signature)) };
  }
  const keys = usableSecrets(secrets)
    .map((secret) => (secretEncoding === 'utf8' ? Buffer.from(secret) : decodeBytes(secret, secretEncoding)))
    .filter((key) => key !== undefined);
  if (keys.length === 0) {
    const detail = secrets.length === 0 ? {} : { detail: `No secret of the source is ${secretEncoding}.` };
    return { refused: { cause: 'no-secret-configured', ...detail } };
  }
  return { value: (content, signature) => isSigned(HMACS[algorithm], keys, content, signature) };
}

/** Constant time: every key meets the signature. */
function isSigned(hash: string, keys: readonly Buffer[], content: Buffer, signature: Buffer): boolean {
  const matches = keys.filter((key) => {
    const expected = createHmac(hash, key).update(content).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
  return matches.length > 0;
}

function readSignature(
  request: IncomingRequest,
  { header, pattern, prefix = '', encoding, timestampHeader, timestampUnit }: CustomSettings,
): Read<Readonly<{ signature: Buffer; timestamp: string | undefined }>> {
  const read = readHeader(request, header);
  if (read.refused !== undefined) return read;
  const malformed: Refused = { cause: 'malformed-signature' };
  if (read.value.length > MAX_HEADER_LENGTH) return { refused: malformed };
  const groups = pattern.regex.exec(read.value)?.groups ?? {};
  const text = groups['signature'];
  const signature = text?.startsWith(prefix) === true ? decodeBytes(text.slice(prefix.length), encoding) : undefined;
  if (signature === undefined) return { refused: malformed };

  if (!pattern.hasTimestamp && timestampHeader === undefined) return { value: { signature, timestamp: undefined } };
  const own = timestampHeader === undefined ? undefined : readHeader(request, timestampHeader);
  if (own?.refused !== undefined) return own;
  const timestamp = own?.value ?? groups['timestamp'] ?? '';
  const form = timestampUnit === 's' ? /^[1-9]\d{0,11}$/ : /^[1-9]\d{0,14}$/;
  return form.test(timestamp) ? { value: { signature, timestamp } } : { refused: malformed };
}

function signedContent(
  request: IncomingRequest,
  source: Source,
  settings: CustomSettings,
  timestamp: string | undefined,
): Read<Buffer> {
  const parts: Buffer[] = [];
  for (const part of settings.signedContent) {
    switch (part.kind) {
      case 'text':
        parts.push(Buffer.from(part.text));
        break;
      case 'body':
        parts.push(request.body);
        break;
      case 'timestamp':
        parts.push(Buffer.from(timestamp ?? ''));
        break;
      case 'url': {
        const detail = 'The address is signed too, and the source has no public URL.';
        if (source.publicUrl === undefined) return { refused: { cause: 'no-secret-configured', detail } };
        parts.push(Buffer.from(`${source.publicUrl.replace(/\/$/, '')}${request.url}`));
        break;
      }
      case 'header': {
        const read = readHeader(request, part.name);
        if (read.refused !== undefined) return read;
        parts.push(Buffer.from(read.value));
        break;
      }
    }
  }
  return { value: Buffer.concat(parts) };
}

function readHeader(request: IncomingRequest, name: string): Read<string> {
  const read = readSignatureHeader(request, name);
  if (read.fault === undefined) return { value: read.value };
  return { refused: { cause: read.fault, detail: `The header ${name} has to come once.` } };
}
