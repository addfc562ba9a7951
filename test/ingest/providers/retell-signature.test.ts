import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Retell } from 'retell-sdk';
import { symmetric } from 'retell-sdk/lib/webhook_auth';
import type { Verification } from '../../../src/ingest/provider.ts';
import { verifyRetellSignature } from '../../../src/ingest/providers/retell-signature.ts';
import { requestOf, sourceOf } from './webhook.ts';

const SECRET = 'key_one';
const NOW_MS = Date.parse('2026-11-24T10:00:00.700Z');
const TOLERANCE_MS = 300_000;
const BODY = '{"event":"call_ended","call":{"call_id":"call_1"}}';

function verify(
  values: readonly string[],
  options: { body?: string | Buffer; secrets?: readonly string[]; nowMs?: number } = {},
) {
  const request = requestOf(options.body ?? BODY, { 'x-retell-signature': values });
  const source = sourceOf('retell', { secrets: options.secrets ?? [SECRET] });
  return verifyRetellSignature(request, source, new Date(options.nowMs ?? NOW_MS));
}

function causeOf(verification: Verification): string | undefined {
  return verification.verified ? undefined : verification.cause;
}

/** Signed by Retell's own library. */
const sign = (body = BODY, atMs = NOW_MS, secret = SECRET) => symmetric.sign(body, secret, atMs);

describe('a Retell signature', () => {
  test('is accepted, and tells when it was made', async () => {
    expect(verify([await sign()])).toEqual({ verified: true, signedAt: new Date(NOW_MS) });
  });

  test('of the public function of Retell is accepted, and so is ours by theirs', async () => {
    const value = await Retell.sign(BODY, SECRET);
    expect(await Retell.verify(BODY, SECRET, value)).toBe(true);
    expect(verify([value], { nowMs: Date.now() }).verified).toBe(true);
  });

  test('may be made with either of two live secrets', async () => {
    const secrets = ['key_new', 'key_old'];
    for (const secret of secrets) {
      expect(verify([await sign(BODY, NOW_MS, secret)], { secrets }).verified).toBe(true);
    }
    expect(causeOf(verify([await sign(BODY, NOW_MS, 'key_third')], { secrets }))).toBe('wrong-signature');
  });

  test('holds for five minutes in both directions, the last millisecond included', async () => {
    expect(verify([await sign(BODY, NOW_MS - TOLERANCE_MS)]).verified).toBe(true);
    expect(causeOf(verify([await sign(BODY, NOW_MS - TOLERANCE_MS - 1)]))).toBe('expired-signature');
    expect(verify([await sign(BODY, NOW_MS + TOLERANCE_MS)]).verified).toBe(true);
    expect(causeOf(verify([await sign(BODY, NOW_MS + TOLERANCE_MS + 1)]))).toBe('future-signature');
  });

  test('is over the bytes: a byte order mark is part of the body', async () => {
    const withMark = Buffer.from(`\uFEFF${BODY}`);
    expect(causeOf(verify([await sign()], { body: withMark }))).toBe('wrong-signature');
    expect(verify([await sign(`\uFEFF${BODY}`)], { body: withMark }).verified).toBe(true);
  });

  test.each([
    ['no header', () => [], 'missing-signature'],
    ['an empty header', () => [''], 'missing-signature'],
    ['two headers, even equal ones', (value: string) => [value, value], 'doubled-signature'],
    ['text before it', (value: string) => [`x${value}`], 'malformed-signature'],
    ['text after it', (value: string) => [`${value} `], 'malformed-signature'],
    ['its parts swapped', (value: string) => [value.split(',').toReversed().join(',')], 'malformed-signature'],
    ['half a digest', (value: string) => [value.slice(0, -32)], 'malformed-signature'],
    ['a digest that is not hex', (value: string) => [value.slice(0, -64) + 'z'.repeat(64)], 'malformed-signature'],
    ['a time in words', (value: string) => [value.replace(/v=\d+/, 'v=now')], 'malformed-signature'],
    ['a time beyond all clocks', (value: string) => [value.replace(/v=\d+/, 'v=9999999999999999')], 'wrong-signature'],
    ['another digest', (value: string) => [value.slice(0, -64) + '0'.repeat(64)], 'wrong-signature'],
    ['another time than was signed', (value: string) => [value.replace(/v=\d+/, `v=${NOW_MS - 1}`)], 'wrong-signature'],
  ])('is refused for %s', async (_name, mutate, cause) => {
    expect(verify(mutate(await sign()))).toEqual({ verified: false, cause });
  });

  test('is refused for a body that was changed', async () => {
    expect(causeOf(verify([await sign()], { body: `${BODY} ` }))).toBe('wrong-signature');
  });

  test('is refused where no secret is configured, or an empty one', async () => {
    expect(causeOf(verify([await sign()], { secrets: [] }))).toBe('no-secret-configured');
    expect(causeOf(verify([await sign()], { secrets: [''] }))).toBe('no-secret-configured');
  });

  test('is accepted exactly where Retell accepts it, but for capitals in the hex', async () => {
    const mutations = fc.record({
      body: fc.oneof(fc.constant(BODY), fc.string({ unit: 'binary' }), fc.constant('')),
      signedBody: fc.option(fc.string(), { nil: undefined }),
      ageMs: fc.oneof(
        fc.integer({ min: -400_000, max: 400_000 }),
        fc.constantFrom(-300_000, 300_000, -300_001, 300_001),
      ),
      secret: fc.constantFrom(SECRET, 'key_two', 'key_stranger'),
      mutate: fc.constantFrom(
        (value: string) => value,
        (value: string) => ` ${value}`,
        (value: string) => `${value}0`,
        (value: string) => value.replace('v=', 'v=-'),
        (value: string) => value.replace(',d=', ', d='),
        (value: string) => value.toUpperCase(),
      ),
    });
    await fc.assert(
      fc.asyncProperty(mutations, async ({ body, signedBody, ageMs, secret, mutate }) => {
        const value = mutate(await sign(signedBody ?? body, NOW_MS - ageMs, secret));
        const ours = verify([value], { body, secrets: [SECRET, 'key_two'] }).verified;
        const answers = [SECRET, 'key_two'].map((each) => symmetric.verify(body, each, value, { timestamp: NOW_MS }));
        const theirs = (await Promise.all(answers)).includes(true);
        expect(ours).toBe(theirs && value === value.toLowerCase());
      }),
      { numRuns: 300 },
    );
  });
});
