import { createHmac, generateKeyPairSync, sign as signByKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import type { Verification } from '../../../src/ingest/provider.ts';
import { verifyStandardSignature } from '../../../src/ingest/providers/standard-webhooks-signature.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { readFixtureText } from './fixtures.ts';
import { requestOf, sourceOf } from './webhook.ts';

const NOW = new Date('2026-11-24T10:00:00.700Z');
const NOW_SECONDS = Math.floor(NOW.getTime() / 1000);
const BODY = '{"type":"contact.created"}';
const SECRET = `whsec_${Buffer.from('a key of 24 bytes, no less').toString('base64')}`;
const OTHER = `whsec_${Buffer.from('another key of some bytes').toString('base64')}`;
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
/** The last 32 bytes of the DER form are the key itself. */
const WHPK = `whpk_${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;

type Delivery = Readonly<{ id: string; seconds: number | string; body: string | Buffer; secret: string }>;
const told: Delivery = { id: 'msg_1', seconds: NOW_SECONDS, body: BODY, secret: SECRET };

/** As the specification says, in plain code. */
function v1({ id, seconds, body, secret }: Delivery = told): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.`).update(body).digest('base64')}`;
}

function v1a({ id, seconds, body }: Delivery = told): string {
  return `v1a,${signByKey(null, Buffer.from(`${id}.${seconds}.${String(body)}`), privateKey).toString('base64')}`;
}

const headersOf = (signature: string, { id, seconds }: Delivery = told, family = 'webhook') => ({
  [`${family}-id`]: [id],
  [`${family}-timestamp`]: [String(seconds)],
  [`${family}-signature`]: [signature],
});

function verify(
  headers: Readonly<Record<string, readonly string[]>>,
  options: { body?: string | Buffer; source?: Partial<Source> } = {},
): Verification {
  const source = sourceOf('standard-webhooks', { secrets: [SECRET], ...options.source });
  return verifyStandardSignature(requestOf(options.body ?? BODY, headers), source, NOW);
}

const causeOf = (verification: Verification) => (verification.verified ? undefined : verification.cause);

describe('a Standard Webhooks signature', () => {
  test.each(['webhook', 'svix'])('in %s headers is accepted, and tells when it was made', (family) => {
    const verified = verify(headersOf(v1(), told, family));
    expect(verified).toEqual({ verified: true, signedAt: new Date(NOW_SECONDS * 1000) });
  });

  test('may be made with either of two live secrets, written with or without whsec_', () => {
    const secrets = [OTHER, SECRET.slice('whsec_'.length)];
    expect(verify(headersOf(v1()), { source: { secrets } }).verified).toBe(true);
    expect(causeOf(verify(headersOf(v1()), { source: { secrets: [OTHER] } }))).toBe('wrong-signature');
  });

  test('may be one of several, of versions that we do not know too', () => {
    const several = `v2,AAAA v1,${'A'.repeat(43)}= ${v1()}`;
    expect(verify(headersOf(several)).verified).toBe(true);
  });

  test('by an Ed25519 key is accepted for a source that has the public key, in any of its forms', () => {
    const pem = String(publicKey.export({ format: 'pem', type: 'spki' }));
    const der = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    for (const key of [WHPK, pem, der, `${whpkOfStranger()} ${WHPK}`]) {
      expect(verify(headersOf(v1a()), { source: { secrets: [], publicKey: key } }).verified).toBe(true);
    }
    const stranger = { secrets: [], publicKey: whpkOfStranger() };
    expect(causeOf(verify(headersOf(v1a()), { source: stranger }))).toBe('wrong-signature');
  });

  test('of a version that the source has no key for proves nothing', () => {
    expect(causeOf(verify(headersOf(v1a())))).toBe('wrong-signature');
    expect(causeOf(verify(headersOf(v1()), { source: { secrets: [], publicKey: WHPK } }))).toBe('wrong-signature');
    // The public key is public: nobody may use it as a secret.
    const forged = v1({ ...told, secret: WHPK.replace('whpk_', 'whsec_') });
    expect(causeOf(verify(headersOf(forged), { source: { secrets: [], publicKey: WHPK } }))).toBe('wrong-signature');
  });

  test('holds for 300 seconds in both directions, the last one included', () => {
    const at = (seconds: number) => causeOf(verify(headersOf(v1({ ...told, seconds }), { ...told, seconds })));
    expect(at(NOW_SECONDS - 300)).toBeUndefined();
    expect(at(NOW_SECONDS - 301)).toBe('expired-signature');
    expect(at(NOW_SECONDS + 300)).toBeUndefined();
    expect(at(NOW_SECONDS + 301)).toBe('future-signature');
  });

  test('is over the bytes, whatever they are', () => {
    const body = Buffer.from([0xff, 0x00, 0xfe]);
    expect(verify(headersOf(v1({ ...told, body })), { body }).verified).toBe(true);
  });

  const good = headersOf(v1());
  test.each([
    ['no headers', {}, 'missing-signature'],
    ['no id', { ...good, 'webhook-id': [] }, 'missing-signature'],
    ['an empty id', { ...good, 'webhook-id': [''] }, 'missing-signature'],
    ['no timestamp', { ...good, 'webhook-timestamp': [] }, 'missing-signature'],
    ['an empty signature', { ...good, 'webhook-signature': [' '] }, 'missing-signature'],
    ['two signatures headers', { ...good, 'webhook-signature': [v1(), v1()] }, 'doubled-signature'],
    ['two ids', { ...good, 'webhook-id': ['msg_1', 'msg_1'] }, 'doubled-signature'],
    ['headers of both families', { ...good, ...headersOf(v1(), told, 'svix') }, 'doubled-signature'],
    ['an id of the other family', { ...good, 'svix-id': ['msg_2'] }, 'doubled-signature'],
    ['a timestamp in words', headersOf(v1(), { ...told, seconds: 'now' }), 'malformed-signature'],
    ['a signature without version', headersOf(v1().slice(3)), 'malformed-signature'],
    ['a signature that is not base64', headersOf('v1,***'), 'malformed-signature'],
    ['half a signature', headersOf(v1().slice(0, 20)), 'wrong-signature'],
    ['another id than was signed', headersOf(v1(), { ...told, id: 'msg_2' }), 'wrong-signature'],
    ['another time than was signed', headersOf(v1(), { ...told, seconds: NOW_SECONDS - 1 }), 'wrong-signature'],
    ['a signature of another body', headersOf(v1({ ...told, body: '{}' })), 'wrong-signature'],
    ['the version of another algorithm', headersOf(v1().replace('v1,', 'v1a,')), 'wrong-signature'],
  ])('is refused for %s', (_name, headers, cause) => {
    expect(verify(headers)).toEqual({ verified: false, cause });
  });

  test('is refused where there is no key at all, or none that can be one', () => {
    expect(verify(good, { source: { secrets: [] } })).toEqual({ verified: false, cause: 'no-secret-configured' });
    for (const source of [
      { secrets: ['whsec_'] },
      { secrets: ['not base64!'] },
      { secrets: [], publicKey: 'whpk_AA' },
    ]) {
      const refused = verify(good, { source });
      expect(refused).toMatchObject({ verified: false, cause: 'no-secret-configured', detail: expect.any(String) });
    }
  });

  test('never verifies anything but what was signed', () => {
    const part = fc.constantFrom('msg_1', 'msg_1.1', String(NOW_SECONDS), '1', '');
    fc.assert(
      fc.property(part, part, fc.string(), fc.constantFrom(SECRET, OTHER), (id, seconds, body, secret) => {
        const delivery = { id, seconds, body, secret };
        const { verified } = verify(headersOf(v1(delivery), delivery), { body });
        expect(verified).toBe(id !== '' && seconds === String(NOW_SECONDS) && secret === SECRET);
      }),
    );
  });
});

describe('a published vector of Standard Webhooks', () => {
  const vector = z.object({
    provider: z.literal('standardwebhooks'),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    secret: z.string(),
    valid: z.boolean(),
  });
  const text = readFixtureText('signature-vectors.json');
  const vectors = z
    .array(z.unknown())
    .parse(text === undefined ? [] : JSON.parse(text))
    .flatMap((each) => vector.safeParse(each).data ?? []);

  test('gets the expected answer', () => {
    for (const { headers, body, secret, valid } of vectors) {
      const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
      const now = new Date(Number(headers['webhook-timestamp']) * 1000);
      const source = sourceOf('standard-webhooks', { secrets: [secret] });
      expect(verifyStandardSignature(requestOf(body, lists), source, now).verified).toBe(valid);
    }
  });
});

function whpkOfStranger(): string {
  const key = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });
  return `whpk_${key.subarray(-32).toString('base64')}`;
}
