import { describe, expect, test } from '@jest/globals';
import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { GOHIGHLEVEL_KEPT_TYPES } from '../../../src/ingest/providers/gohighlevel-mappings.ts';
import { OFFICIAL_ED25519_KEY, OFFICIAL_RSA_KEY } from '../../../src/ingest/providers/gohighlevel-keys.ts';
import { verifyGohighlevelSignature } from '../../../src/ingest/providers/gohighlevel-signature.ts';
import { knownType } from '../../../src/ingest/providers/gohighlevel-types.ts';
import { readFixtures, readFixtureText } from './fixtures.ts';
import { normaliseGohighlevel } from './gohighlevel-normalise.ts';
import { requestOf, sourceOf } from './webhook.ts';

describe('a public sample of GoHighLevel', () => {
  for (const { name, body } of readFixtures('ghl')) {
    test(`${name} is accepted and mapped or deliberately kept, with and without its event in the address`, () => {
      const page = name.replace(/(--\d+)?\.json$/, '');
      for (const event of [undefined, page]) {
        const normalised = normaliseGohighlevel(body.toString(), event === undefined ? {} : { event });
        expect(normalised.status).toBe('accepted');
        const isKept = normalised.events.every(({ type }) => type === 'ProviderEventReceived');
        expect(isKept).toBe(GOHIGHLEVEL_KEPT_TYPES.has(normalised.providerType));
        if (event !== undefined) expect(normalised.providerType).toBe(knownType(page));
      }
    });
  }

  test('may be of any event that is documented: each is known', () => {
    const pages = readFixtureText('event-types/ghl-from-docs.txt')?.trim().split(/\s+/) ?? [];
    expect(pages.filter((page) => knownType(page) === undefined)).toEqual([]);
  });
});

const keys = z.object({
  keys: z.object({ 'x-ghl-signature': z.object({ pem: z.string() }), 'x-wh-signature': z.object({ pem: z.string() }) }),
});
const vector = z.object({
  name: z.string(),
  header: z.string(),
  bodyFile: z.string(),
  publicKeyPem: z.string().optional(),
  signature: z.string(),
  valid: z.boolean(),
});

describe('of the published signatures of GoHighLevel', () => {
  const text = readFixtureText('signature-vectors.json');
  const all = z
    .array(z.looseObject({ provider: z.string() }))
    .parse(text === undefined ? [] : JSON.parse(text))
    .filter(({ provider }) => provider === 'ghl');

  for (const each of all) {
    const { data: official } = keys.safeParse(each);
    const { data: signed } = vector.safeParse(each);
    test(`"${String(each['name'])}" holds`, () => {
      expect(official ?? signed).toBeDefined();
      if (official !== undefined) {
        expect(sameKey(OFFICIAL_ED25519_KEY, official.keys['x-ghl-signature'].pem)).toBe(true);
        expect(sameKey(OFFICIAL_RSA_KEY, official.keys['x-wh-signature'].pem)).toBe(true);
      }
      if (signed !== undefined) {
        const request = requestOf(readFixtureText(signed.bodyFile) ?? '', {
          [signed.header.toLowerCase()]: [signed.signature],
        });
        const { publicKeyPem } = signed;
        const source = sourceOf('gohighlevel', publicKeyPem === undefined ? {} : { publicKey: publicKeyPem });
        expect(verifyGohighlevelSignature(request, source).verified).toBe(signed.valid);
      }
    });
  }
});

function sameKey(one: string, other: string): boolean {
  return createPublicKey(one).equals(createPublicKey(other));
}
