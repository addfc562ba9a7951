import { createHmac, generateKeyPairSync, sign as signByKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Verification } from '../../../src/ingest/provider.ts';
import { verifyCustomSignature } from '../../../src/ingest/providers/custom-signature.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { requestOf, sourceOf } from './webhook.ts';

const NOW = new Date('2026-11-24T10:00:00.000Z');
const NOW_SECONDS = NOW.getTime() / 1000;
const BODY = '{"type":"ping"}';
const hmac = (content: string | Buffer, secret: string | Buffer = 'secret', hash = 'sha256') =>
  createHmac(hash, secret).update(content).digest();

const PLAIN = { header: 'X-Sig', pattern: '^(?<signature>.+)$', algorithm: 'hmac-sha256' };
const TIMED = {
  header: 'X-Sig',
  pattern: '^t=(?<timestamp>\\d+),s=(?<signature>[0-9a-f]+)$',
  algorithm: 'hmac-sha256',
  signedContent: '{timestamp}.{body}',
};

function verify(
  settings: Source['settings'],
  headers: Readonly<Record<string, readonly string[]>>,
  options: { body?: string | Buffer; url?: string; source?: Partial<Source> } = {},
): Verification {
  const source = sourceOf('custom', { settings, ...options.source });
  const request = { ...requestOf(options.body ?? BODY, headers), url: options.url ?? '/webhooks/custom/src_1' };
  return verifyCustomSignature(request, source, NOW);
}

const causeOf = (verification: Verification) => (verification.verified ? undefined : verification.cause);
const timed = (seconds: number | string, body = BODY) => `t=${seconds},s=${hmac(`${seconds}.${body}`).toString('hex')}`;

describe('a signature by a custom scheme', () => {
  test.each([
    ['hmac-sha1', 'sha1', 'hex'],
    ['hmac-sha256', 'sha256', 'hex'],
    ['hmac-sha512', 'sha512', 'base64'],
    ['hmac-sha256', 'sha256', 'base64url'],
  ] as const)('by %s in %s, %s, is accepted', (algorithm, hash, encoding) => {
    const value = hmac(BODY, 'secret', hash).toString(encoding);
    expect(verify({ ...PLAIN, algorithm, encoding }, { 'x-sig': [value] })).toEqual({ verified: true });
    expect(causeOf(verify({ ...PLAIN, algorithm, encoding }, { 'x-sig': [value] }, { body: `${BODY} ` }))).toBe(
      'wrong-signature',
    );
  });

  test('by a key of the sender is accepted, RSA and Ed25519', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ed = generateKeyPairSync('ed25519');
    const cases = [
      { algorithm: 'rsa-sha256', keys: rsa, signature: signByKey('sha256', Buffer.from(BODY), rsa.privateKey) },
      { algorithm: 'ed25519', keys: ed, signature: signByKey(null, Buffer.from(BODY), ed.privateKey) },
    ];
    for (const { algorithm, keys, signature } of cases) {
      const settings = { ...PLAIN, algorithm, encoding: 'base64' };
      const headers = { 'x-sig': [signature.toString('base64')] };
      const publicKey = String(keys.publicKey.export({ format: 'pem', type: 'spki' }));
      expect(verify(settings, headers, { source: { publicKey, secrets: [] } }).verified).toBe(true);
      const tampered = verify(settings, headers, { source: { publicKey }, body: '{}' });
      expect(causeOf(tampered)).toBe('wrong-signature');
      // A key of the other kind, or none, opens nothing, whatever the secrets are.
      const [other] = cases.filter((each) => each.algorithm !== algorithm);
      const otherKey = String(other?.keys.publicKey.export({ format: 'pem', type: 'spki' }));
      expect(causeOf(verify(settings, headers, { source: { publicKey: otherKey } }))).toBe('no-secret-configured');
      expect(causeOf(verify(settings, headers))).toBe('no-secret-configured');
    }
  });

  test('may be made with either of two live secrets, written as the settings say', () => {
    const key = Buffer.from([1, 2, 3, 250]);
    const headers = { 'x-sig': [hmac(BODY, key).toString('hex')] };
    const source = { secrets: ['00ff', key.toString('hex')] };
    expect(verify({ ...PLAIN, secretEncoding: 'hex' }, headers, { source }).verified).toBe(true);
    expect(causeOf(verify({ ...PLAIN, secretEncoding: 'hex' }, headers, { source: { secrets: ['00ff'] } }))).toBe(
      'wrong-signature',
    );
  });

  test('may stand behind a prefix', () => {
    const settings = { ...PLAIN, prefix: 'sha256=' };
    const value = hmac(BODY).toString('hex');
    expect(verify(settings, { 'x-sig': [`sha256=${value}`] }).verified).toBe(true);
    expect(causeOf(verify(settings, { 'x-sig': [value] }))).toBe('malformed-signature');
    expect(causeOf(verify(settings, { 'x-sig': [`sha1=${value}`] }))).toBe('malformed-signature');
  });

  test('may cover the public address and other headers', () => {
    const settings = { ...PLAIN, signedContent: '{url}|{header:X-Id}|{body}' };
    const signed = `https://hooks.example.com/in/webhooks/custom/src_1?a=b|7|${BODY}`;
    const headers = { 'x-sig': [hmac(signed).toString('hex')], 'x-id': ['7'] };
    const options = {
      url: '/webhooks/custom/src_1?a=b',
      source: { publicUrl: 'https://hooks.example.com/in/' },
    };
    expect(verify(settings, headers, options).verified).toBe(true);
    expect(causeOf(verify(settings, { ...headers, 'x-id': ['8'] }, options))).toBe('wrong-signature');
    expect(causeOf(verify(settings, { ...headers, 'x-id': [] }, options))).toBe('missing-signature');
    expect(causeOf(verify(settings, { ...headers, 'x-id': ['7', '7'] }, options))).toBe('doubled-signature');
    expect(verify(settings, headers)).toMatchObject({
      cause: 'no-secret-configured',
      detail: 'The address is signed too, and the source has no public URL.',
    });
  });

  test('may carry its time in the same header, or in one of its own, in seconds or milliseconds', () => {
    expect(verify(TIMED, { 'x-sig': [timed(NOW_SECONDS)] })).toEqual({ verified: true, signedAt: NOW });
    const settings = { ...PLAIN, timestampHeader: 'X-Time', timestampUnit: 'ms', signedContent: '{timestamp}{body}' };
    const ms = NOW.getTime() + 1;
    const headers = { 'x-sig': [hmac(`${ms}${BODY}`).toString('hex')], 'x-time': [String(ms)] };
    expect(verify(settings, headers)).toEqual({ verified: true, signedAt: new Date(ms) });
    expect(causeOf(verify(settings, { ...headers, 'x-time': [] }))).toBe('missing-signature');
    expect(causeOf(verify(settings, { ...headers, 'x-time': ['now'] }))).toBe('malformed-signature');
  });

  test('holds as long as the settings say, in both directions', () => {
    const at = (seconds: number, settings = {}) =>
      causeOf(verify({ ...TIMED, ...settings }, { 'x-sig': [timed(seconds)] }));
    expect([at(NOW_SECONDS - 300), at(NOW_SECONDS + 300)]).toEqual([undefined, undefined]);
    expect([at(NOW_SECONDS - 301), at(NOW_SECONDS + 301)]).toEqual(['expired-signature', 'future-signature']);
    expect(at(NOW_SECONDS - 11, { toleranceSeconds: 10 })).toBe('expired-signature');
    expect(at(NOW_SECONDS - 3600, { toleranceSeconds: 3600 })).toBeUndefined();
  });

  const good = timed(NOW_SECONDS);
  test.each([
    ['no header', {}, 'missing-signature'],
    ['an empty header', { 'x-sig': [''] }, 'missing-signature'],
    ['two headers', { 'x-sig': [good, good] }, 'doubled-signature'],
    ['a header of another form', { 'x-sig': [`v1=${good}`] }, 'malformed-signature'],
    ['a header with something behind it', { 'x-sig': [`${good},`] }, 'malformed-signature'],
    ['half a byte', { 'x-sig': [good.slice(0, -1)] }, 'malformed-signature'],
    ['a very long header', { 'x-sig': [`${good}${'00'.repeat(2048)}`] }, 'malformed-signature'],
    ['another time', { 'x-sig': [good.replace(/t=\d+/, `t=${NOW_SECONDS - 1}`)] }, 'wrong-signature'],
    ['half a signature', { 'x-sig': [good.slice(0, -2)] }, 'wrong-signature'],
    ['a signature of another body', { 'x-sig': [timed(NOW_SECONDS, '{}')] }, 'wrong-signature'],
  ])('is refused for %s', (_name, headers, cause) => {
    expect(causeOf(verify(TIMED, headers))).toBe(cause);
  });

  test.each([[[]], [['']]])('is refused where the secrets are %j', (secrets) => {
    expect(causeOf(verify(TIMED, { 'x-sig': [good] }, { source: { secrets } }))).toBe('no-secret-configured');
  });

  test.each([{}, { ...TIMED, pattern: '(' }, { ...TIMED, signedContent: 'x' }])(
    'is refused where the settings are %j',
    (settings) => {
      expect(verify(settings, { 'x-sig': [good] })).toMatchObject({
        cause: 'no-secret-configured',
        detail: 'The settings of the source are not those of a scheme.',
      });
    },
  );

  test('never throws, and never verifies anything but what was signed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, body) => {
        expect(verify(TIMED, { 'x-sig': [value] }, { body }).verified).toBe(false);
        expect(verify(TIMED, { 'x-sig': [timed(NOW_SECONDS, body)] }, { body }).verified).toBe(true);
      }),
    );
  });
});
