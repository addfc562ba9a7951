import { createHash, createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { OFFICIAL_ED25519_KEY, OFFICIAL_RSA_KEY } from '../../../src/ingest/providers/gohighlevel-keys.ts';
import { verifyGohighlevelSignature } from '../../../src/ingest/providers/gohighlevel-signature.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { GHL_KEYS, signEd25519, signRsa } from './gohighlevel-keys.ts';
import { requestOf, sourceOf } from './webhook.ts';

const BODY = '{"type":"ContactCreate","id":"contact_1"}';
const RSA_TOO = { acceptRsa: true, rsaPublicKey: GHL_KEYS.rsaPublicKey };

type Headers = Readonly<{ ghl?: readonly string[]; wh?: readonly string[] }>;

/** A result in short: `verified`, or the cause. */
function verify({ ghl, wh }: Headers, changes: Partial<Source> & { body?: string | Buffer } = {}): string {
  const { body = BODY, ...source } = changes;
  const headers = {
    ...(ghl === undefined ? {} : { 'x-ghl-signature': ghl }),
    ...(wh === undefined ? {} : { 'x-wh-signature': wh }),
  };
  const verification = verifyGohighlevelSignature(
    requestOf(body, headers),
    sourceOf('gohighlevel', { secrets: [], publicKey: GHL_KEYS.publicKey, ...source }),
  );
  return verification.verified ? 'verified' : verification.cause;
}

describe('a GoHighLevel signature', () => {
  test('is accepted with the public key as base64 or PEM, and needs no secret', () => {
    const ghl = [signEd25519(BODY)];
    expect(verify({ ghl })).toBe('verified');
    expect(verify({ ghl }, { publicKey: GHL_KEYS.publicKeyPem })).toBe('verified');
  });

  test('is checked with the official key where the source has none: ours does not do', () => {
    const request = requestOf(BODY, { 'x-ghl-signature': [signEd25519(BODY)] });
    expect(verifyGohighlevelSignature(request, sourceOf('gohighlevel'))).toMatchObject({ cause: 'wrong-signature' });
  });

  test.each([
    ['Ed25519', OFFICIAL_ED25519_KEY, '5a2c1b2749d3efcc233fb27d4ab43d56b8d20818c42cd226f6c9a3ff20d3097c'],
    ['RSA', OFFICIAL_RSA_KEY, '2f62045d413b1b7747e26770ce7f57840cbf86288cd20ceb90d299a62501fd25'],
  ])('has as its official key of %s the one that is published', (_name, pem, sha256) => {
    const der = createPublicKey(pem).export({ format: 'der', type: 'spki' });
    expect(createHash('sha256').update(der).digest('hex')).toBe(sha256);
  });

  test('is over the bytes: a byte order mark is part of the body', () => {
    const withMark = Buffer.from(`\uFEFF${BODY}`);
    expect(verify({ ghl: [signEd25519(BODY)] }, { body: withMark })).toBe('wrong-signature');
    expect(verify({ ghl: [signEd25519(withMark)] }, { body: withMark })).toBe('verified');
  });

  test.each([
    ['no header', () => undefined, 'missing-signature'],
    ['an empty header', () => [''], 'missing-signature'],
    ['the words N/A', () => ['N/A'], 'missing-signature'],
    ['the words n/a', () => [' n/a '], 'missing-signature'],
    ['two headers, even equal ones', (value: string) => [value, value], 'doubled-signature'],
    ['a second header that says N/A', (value: string) => [value, 'N/A'], 'doubled-signature'],
    ['two values in one header', (value: string) => [`${value}, ${value}`], 'malformed-signature'],
    ['half a signature', (value: string) => [value.slice(0, 44)], 'malformed-signature'],
    ['text after it', (value: string) => [`${value}!`], 'malformed-signature'],
    ['base64 for addresses', (value: string) => [`-_${value.slice(2)}`], 'malformed-signature'],
    ['hex', (value: string) => [Buffer.from(value, 'base64').toString('hex')], 'malformed-signature'],
    ['zeros', () => [Buffer.alloc(64).toString('base64')], 'wrong-signature'],
    ['the signature of another body', () => [signEd25519(`${BODY} `)], 'wrong-signature'],
    ['an RSA signature in its place', () => [signRsa(BODY)], 'malformed-signature'],
  ] as const)('is refused for %s', (_name, headers, cause) => {
    const ghl = headers(signEd25519(BODY));
    expect(verify(ghl === undefined ? {} : { ghl })).toBe(cause);
  });

  test('is refused for a body that was changed by one byte', () => {
    expect(verify({ ghl: [signEd25519(BODY)] }, { body: BODY.replace('1', '2') })).toBe('wrong-signature');
  });

  test.each(['', 'no key', GHL_KEYS.secret, GHL_KEYS.rsaPublicKey])(
    'is refused where the key of the source is no public key of Ed25519',
    (publicKey) => {
      expect(verify({ ghl: [signEd25519(BODY)] }, { publicKey })).toBe('no-secret-configured');
    },
  );
});

describe('the older RSA signature of GoHighLevel', () => {
  test.each([{}, { acceptRsa: false }, { acceptRsa: 'true' }, { acceptRsa: 1 }])(
    'alone is refused with the settings %j, and the rejection says why',
    (settings) => {
      const request = requestOf(BODY, { 'x-wh-signature': [signRsa(BODY)] });
      const source = sourceOf('gohighlevel', { settings: { ...settings, rsaPublicKey: GHL_KEYS.rsaPublicKey } });
      expect(verifyGohighlevelSignature(request, source)).toEqual({
        verified: false,
        cause: 'missing-signature',
        detail: 'only x-wh-signature, without settings.acceptRsa',
      });
    },
  );

  test('alone is accepted where the source says so', () => {
    expect(verify({ wh: [signRsa(BODY)] }, { settings: RSA_TOO })).toBe('verified');
    expect(verify({ ghl: ['N/A'], wh: [signRsa(BODY)] }, { settings: RSA_TOO })).toBe('verified');
  });

  test('is checked with the official key where the settings have none', () => {
    expect(verify({ wh: [signRsa(BODY)] }, { settings: { acceptRsa: true } })).toBe('wrong-signature');
  });

  test('does not matter where the newer one holds and the switch is off', () => {
    expect(verify({ ghl: [signEd25519(BODY)], wh: ['N/A'] })).toBe('verified');
    expect(verify({ ghl: [signEd25519(BODY)], wh: [signRsa('another body')] })).toBe('verified');
  });

  test.each([
    ['neither came', {}, 'missing-signature'],
    ['both say N/A', { ghl: ['N/A'], wh: ['N/A'] }, 'missing-signature'],
    ['it is doubled', { wh: [signRsa(BODY), signRsa(BODY)] }, 'doubled-signature'],
    ['it is of another body', { wh: [signRsa('{}')] }, 'wrong-signature'],
    ['it is Ed25519', { wh: [signEd25519(BODY)] }, 'wrong-signature'],
    ['it is no base64', { wh: ['%%%%'] }, 'malformed-signature'],
    ['it holds, but the newer one does not', { ghl: [signEd25519('{}')], wh: [signRsa(BODY)] }, 'wrong-signature'],
    ['it holds, but the newer one is doubled', { ghl: ['N/A', 'N/A'], wh: [signRsa(BODY)] }, 'doubled-signature'],
    ['the newer one holds, but it does not', { ghl: [signEd25519(BODY)], wh: [signRsa('{}')] }, 'wrong-signature'],
  ] as const)('is refused with the switch on when %s', (_name, headers, cause) => {
    expect(verify(headers, { settings: RSA_TOO })).toBe(cause);
  });
});
