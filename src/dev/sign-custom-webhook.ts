import { createHash, createHmac, randomBytes, sign } from 'node:crypto';
import type { CustomSettings } from '../ingest/providers/custom-settings.ts';
import { customSettings } from '../ingest/providers/custom-settings.ts';
import { decodeBytes } from '../ingest/providers/signature-encoding.ts';
import { fillPattern } from './fill-pattern.ts';
import { newPrivateKey, readPrivateKey } from './private-key.ts';

type Headers = Readonly<Record<string, string>>;

class CannotSignError extends Error {
  override readonly name = 'CannotSignError';
  readonly code = 'cannot_sign';
}

/**
 * The headers with which a sender of these settings delivers that body: those that are given, and the signature with
 * what it covers. @throws CannotSignError when the settings or the secret leave no way to sign.
 */
export function signCustomWebhook(
  body: Buffer,
  {
    settings,
    secret,
    nowMs,
    url,
    headers,
  }: Readonly<{
    settings: Readonly<Record<string, unknown>>;
    secret: string;
    nowMs: number;
    url: string;
    headers: Headers;
  }>,
): Headers {
  const scheme = customSettings.safeParse(settings).data;
  if (scheme === undefined) throw new CannotSignError('The settings of the source are not those of a scheme.');
  const timestamp = String(scheme.timestampUnit === 's' ? Math.floor(nowMs / 1000) : nowMs);
  const { header, pattern, timestampHeader, encoding, prefix = '' } = scheme;
  const sent = {
    'content-type': 'application/json',
    ...headers,
    ...(timestampHeader === undefined ? {} : { [timestampHeader]: timestamp }),
  };
  const covered = { ...nonces(scheme, body), ...sent };
  const signature = prefix + signBytes(contentOf(scheme, { body, timestamp, url, headers: covered }), secret, scheme);
  const filled = fillPattern(pattern.regex, { signature, ...(pattern.hasTimestamp ? { timestamp } : {}) });
  if (filled === undefined) {
    throw new CannotSignError(
      `The pattern of the source's settings does not take a signature in ${encoding} of ${signature.length} characters. ` +
        'Mend it: hookledger sources set <source> --settings …',
    );
  }
  return { ...covered, [header]: filled };
}

/** A header that is signed and that nothing else gives a value. The same for the same body, as when it is sent again. */
function nonces({ signedContent }: CustomSettings, body: Buffer): Headers {
  const nonce = createHash('sha256').update(body).digest('hex').slice(0, 32);
  const valueOf = (name: string) => (name === 'content-length' ? String(body.length) : nonce);
  return Object.fromEntries(
    signedContent.flatMap((part) => (part.kind === 'header' ? [[part.name, valueOf(part.name)]] : [])),
  );
}

function contentOf(
  { signedContent }: CustomSettings,
  { body, timestamp, url, headers }: Readonly<{ body: Buffer; timestamp: string; url: string; headers: Headers }>,
): Buffer {
  return Buffer.concat(
    signedContent.map((part) => {
      switch (part.kind) {
        case 'text':
          return Buffer.from(part.text);
        case 'body':
          return body;
        case 'timestamp':
          return Buffer.from(timestamp);
        case 'url':
          return Buffer.from(url);
        case 'header':
          return Buffer.from(headers[part.name] ?? '');
      }
    }),
  );
}

const HMACS = { 'hmac-sha1': 'sha1', 'hmac-sha256': 'sha256', 'hmac-sha512': 'sha512' } as const;

function signBytes(content: Buffer, secret: string, { algorithm, encoding, secretEncoding }: CustomSettings): string {
  switch (algorithm) {
    case 'ed25519':
      return sign(null, content, readPrivateKey(secret, 'ed25519', 'custom.md')).toString(encoding);
    case 'rsa-sha256':
      return sign('sha256', content, readPrivateKey(secret, 'rsa', 'custom.md')).toString(encoding);
    default: {
      const key = secretEncoding === 'utf8' ? Buffer.from(secret) : decodeBytes(secret, secretEncoding);
      if (key === undefined) throw new CannotSignError(`The source's secret is not written in ${secretEncoding}.`);
      return createHmac(HMACS[algorithm], key).update(content).digest(encoding);
    }
  }
}

/** Of the form that these settings need, and of no source. */
export function strangersCustomSecret(settings: Readonly<Record<string, unknown>>): string {
  const { algorithm, secretEncoding = 'utf8' } = customSettings.safeParse(settings).data ?? {};
  if (algorithm === 'ed25519') return newPrivateKey('ed25519');
  if (algorithm === 'rsa-sha256') return newPrivateKey('rsa');
  return secretEncoding === 'utf8'
    ? `forged_${randomBytes(12).toString('hex')}`
    : randomBytes(24).toString(secretEncoding);
}
