import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { parse, stringify } from 'node:querystring';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Verification } from '../provider.ts';
import { readSignatureHeader, usableSecrets } from './hmac-signature.ts';
import { parseForm } from './twilio-fields.ts';

/** Twenty bytes in base64. */
const SIGNATURE = /^[A-Za-z0-9+/]{27}=$/;
/** Scheme, credentials, host, port, rest. A colon starts the port only behind the bracket of an IPv6 address. */
const URL_PARTS = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)(:[^/?#]*)?(.*)$/is;

/**
 * `X-Twilio-Signature`: base64 of HMAC-SHA1, by an auth token, of the address followed by every parameter of the form,
 * sorted. A JSON body is not in it: its SHA-256 is in the address, as `bodySHA256`. There is no time in it, so it
 * holds for ever: only the dedupe key tells a replay.
 */
export function verifyTwilioSignature(request: IncomingRequest, source: Source): Verification {
  const secrets = usableSecrets(source.secrets);
  if (secrets.length === 0) return { verified: false, cause: 'no-secret-configured' };
  if (source.publicUrl === undefined) {
    const detail = 'Twilio signs the address, and the source has no public URL: set --public-url.';
    return { verified: false, cause: 'no-secret-configured', detail };
  }
  const header = readSignatureHeader(request, 'x-twilio-signature');
  if (header.fault !== undefined) return { verified: false, cause: header.fault };
  if (!SIGNATURE.test(header.value)) return { verified: false, cause: 'malformed-signature' };

  const urls = signedUrls(publicAddress(source.publicUrl, request.url));
  const hashes = bodyHashes(request);
  const isSigned = isSignedByAny(secrets, urls, hashes.length === 0 ? signedForm(request.body) : '', header.value);
  if (isSigned && hasBody(request, hashes)) return { verified: true };
  const detail = `Checked against ${urls.map(withoutCredentials).join(', ')}`;
  return { verified: false, cause: 'wrong-signature', detail };
}

/**
 * The hash of the body that the address carries; more than one leaves open which. That it is there, and nothing else,
 * makes a body JSON: the content type is not signed, so the same bytes could be passed off as either.
 */
export function bodyHashes(request: IncomingRequest): readonly string[] {
  const start = request.url.indexOf('?');
  return start === -1 ? [] : new URLSearchParams(request.url.slice(start + 1)).getAll('bodySHA256');
}

function hasBody(request: IncomingRequest, hashes: readonly string[]): boolean {
  const [hash, ...others] = hashes;
  if (hash === undefined) return true;
  return others.length === 0 && isSameText(hash, createHash('sha256').update(request.body).digest('hex'));
}

/** Every parameter, also those that nobody knows yet: by name, and each of its different values, both sorted. */
function signedForm(body: Buffer): string {
  const form = [...parseForm(body.toString())].toSorted(([one], [other]) => byCodeUnits(one, other));
  const parts: string[] = [];
  for (const [name, values] of form) {
    for (const value of [...new Set(values)].toSorted(byCodeUnits)) parts.push(name, value);
  }
  return parts.join('');
}

/** As Twilio's own library sorts; a locale would sort otherwise. */
function byCodeUnits(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** The address that Twilio was told: ours as the outside sees it, and a path in front of ours where a proxy adds one. */
function publicAddress(publicUrl: string, path: string): string {
  return `${publicUrl.replace(/[?#].*$/s, '').replace(/\/+$/, '')}${path}`;
}

/**
 * The addresses that may have been signed, as Twilio's own library tries them: with and without a port; then as a URL
 * parser writes it, and with the query as Node's old one does, for what signs an escaped form.
 */
function signedUrls(url: string): readonly string[] {
  const received = [withoutPort(url), withPort(url)];
  const normalised = URL.canParse(url) ? new URL(url).toString() : url;
  const parsed = [withoutPort(normalised), withPort(normalised)];
  return [...new Set([...received, ...parsed, ...parsed.map(withLegacyQuery)])];
}

function withoutPort(url: string): string {
  return url.replace(URL_PARTS, (_url, scheme, credentials = '', host, _port, rest) =>
    [scheme, credentials, host, rest].join(''),
  );
}

function withPort(url: string): string {
  return url.replace(URL_PARTS, (_url, scheme: string, credentials = '', host, port, rest) =>
    [scheme, credentials, host, port ?? (scheme.toLowerCase() === 'https://' ? ':443' : ':80'), rest].join(''),
  );
}

function withLegacyQuery(url: string): string {
  const start = url.indexOf('?');
  if (start === -1 || start === url.length - 1) return url;
  return `${url.slice(0, start)}?${stringify(parse(url.slice(start + 1)))}`;
}

function withoutCredentials(url: string): string {
  return url.replace(URL_PARTS, (_url, scheme, _credentials, host, port = '', rest) =>
    [scheme, host, port, rest].join(''),
  );
}

/** Constant time: each token meets each address, whatever matched before. */
function isSignedByAny(secrets: readonly string[], urls: readonly string[], form: string, signature: string): boolean {
  let matches = 0;
  for (const secret of secrets) {
    for (const url of urls) {
      const expected = createHmac('sha1', secret).update(url).update(form).digest('base64');
      matches += Number(isSameText(signature, expected));
    }
  }
  return matches > 0;
}

function isSameText(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
