import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import Stripe from 'stripe';
import type { Verification } from '../../../src/ingest/provider.ts';
import { verifyStripeSignature } from '../../../src/ingest/providers/stripe-signature.ts';
import { requestOf, sourceOf } from './webhook.ts';

const { webhooks } = new Stripe('sk_test_unused');
const SECRET = 'whsec_one';
const NOW = new Date('2026-11-24T10:00:00.700Z');
const NOW_SECONDS = Math.floor(NOW.getTime() / 1000);
const BODY = '{"id":"evt_1","object":"event"}';

/** Signed by Stripe's own library. */
function header(body: string, timestamp = NOW_SECONDS, secret = SECRET): string {
  return webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
}

function verify(values: readonly string[], options: { body?: string | Buffer; secrets?: readonly string[] } = {}) {
  const request = requestOf(options.body ?? BODY, { 'stripe-signature': values });
  return verifyStripeSignature(request, sourceOf('stripe', { secrets: options.secrets ?? [SECRET] }), NOW);
}

function causeOf(verification: Verification): string | undefined {
  return verification.verified ? undefined : verification.cause;
}

describe('a Stripe signature', () => {
  test('is accepted, and tells when it was made', () => {
    expect(verify([header(BODY)])).toEqual({ verified: true, signedAt: new Date(NOW_SECONDS * 1000) });
  });

  test('may be made with either of two live secrets', () => {
    for (const secret of ['whsec_new', 'whsec_old']) {
      expect(verify([header(BODY, NOW_SECONDS, secret)], { secrets: ['whsec_new', 'whsec_old'] }).verified).toBe(true);
    }
    expect(causeOf(verify([header(BODY, NOW_SECONDS, 'whsec_third')], { secrets: ['whsec_new', 'whsec_old'] }))).toBe(
      'wrong-signature',
    );
  });

  test('may be one of several in the header, as while Stripe rolls a secret', () => {
    const [time = '', signature = ''] = header(BODY).split(',');
    expect(verify([`${time},v1=${'0'.repeat(64)},${signature},v0=${'1'.repeat(64)}`]).verified).toBe(true);
  });

  test('holds for 300 seconds in both directions, the last one included', () => {
    expect(verify([header(BODY, NOW_SECONDS - 300)]).verified).toBe(true);
    expect(causeOf(verify([header(BODY, NOW_SECONDS - 301)]))).toBe('expired-signature');
    expect(verify([header(BODY, NOW_SECONDS + 300)]).verified).toBe(true);
    expect(causeOf(verify([header(BODY, NOW_SECONDS + 301)]))).toBe('future-signature');
  });

  test('is over the bytes: a byte order mark is part of the body', () => {
    const withMark = Buffer.from(`\uFEFF${BODY}`);
    expect(causeOf(verify([header(BODY)], { body: withMark }))).toBe('wrong-signature');
    expect(verify([header(`\uFEFF${BODY}`)], { body: withMark }).verified).toBe(true);
  });

  test('is over bytes that are no UTF-8 too', () => {
    expect(causeOf(verify([header(BODY)], { body: Buffer.from([0xff, 0xfe]) }))).toBe('wrong-signature');
  });

  test.each([
    ['no header', [], 'missing-signature'],
    ['an empty header', [''], 'missing-signature'],
    ['a blank header', ['  '], 'missing-signature'],
    ['two headers, even equal ones', [header(BODY), header(BODY)], 'doubled-signature'],
    ['a header of nothing that we know', ['hello'], 'malformed-signature'],
    ['no time', [header(BODY).split(',')[1] ?? ''], 'malformed-signature'],
    ['a time in words', [header(BODY).replace(/t=\d+/, 't=now')], 'malformed-signature'],
    ['a time with something after it', [header(BODY).replace(/t=(\d+)/, 't=$1x')], 'malformed-signature'],
    ['two times', [`${header(BODY)},t=1`], 'malformed-signature'],
    ['only the scheme v0', [header(BODY).replace('v1=', 'v0=')], 'malformed-signature'],
    ['half a digest', [header(BODY).slice(0, -32)], 'malformed-signature'],
    ['a digest that is not hex', [header(BODY).slice(0, -64) + 'z'.repeat(64)], 'malformed-signature'],
    ['another digest', [header(BODY).slice(0, -64) + '0'.repeat(64)], 'wrong-signature'],
    [
      'another time than was signed',
      [header(BODY, NOW_SECONDS - 1).replace(/t=\d+/, `t=${NOW_SECONDS}`)],
      'wrong-signature',
    ],
    ['a signature of another body', [header('{}')], 'wrong-signature'],
  ])('is refused for %s', (_name, values, cause) => {
    expect(verify(values)).toEqual({ verified: false, cause });
  });

  test('is refused where no secret is configured, or an empty one', () => {
    expect(causeOf(verify([header(BODY)], { secrets: [] }))).toBe('no-secret-configured');
    expect(causeOf(verify([header(BODY, NOW_SECONDS)], { secrets: [''] }))).toBe('no-secret-configured');
  });

  test('that is wrong and late is wrong: only a true signature tells when it was made', () => {
    expect(causeOf(verify([`t=1,v1=${'0'.repeat(64)}`]))).toBe('wrong-signature');
  });

  test('is never accepted where Stripe refuses it, and refused where Stripe accepts only for a stated reason', () => {
    const mutations = fc.record({
      body: fc.oneof(fc.constant(BODY), fc.constant(`${BODY} `), fc.string({ unit: 'binary' }), fc.constant('')),
      signedBody: fc.option(fc.string(), { nil: undefined }),
      age: fc.integer({ min: -700, max: 700 }),
      secret: fc.constantFrom(SECRET, 'whsec_two', 'whsec_stranger'),
      extra: fc.constantFrom('', ',v0=00', ',v1=00', `,v1=${'0'.repeat(64)}`, ',', ',t=5', ',x=y', ' '),
      cut: fc.constantFrom(0, 0, 0, 0, 1),
      before: fc.constantFrom('', ' ', 'v0=1,', `v1=${'f'.repeat(64)},`),
    });
    fc.assert(
      fc.property(mutations, ({ body, signedBody, age, secret, extra, cut, before }) => {
        const made = header(signedBody ?? body, NOW_SECONDS - age, secret);
        const value = `${before}${made.slice(0, made.length - cut)}${extra}`;
        const ours = verify([value], { body, secrets: [SECRET, 'whsec_two'] });
        const theirs = [SECRET, 'whsec_two'].some((each) => isAcceptedByStripe(body, value, each));
        if (ours.verified) expect(theirs).toBe(true);
        const stricter = age < -300 || body.startsWith('\uFEFF') || value.includes(',t=5');
        if (theirs && !stricter) expect(ours.verified).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

function isAcceptedByStripe(body: string, value: string, secret: string): boolean {
  try {
    return webhooks.signature?.verifyHeader(Buffer.from(body), value, secret, 300, undefined, NOW.getTime()) ?? false;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    throw error;
  }
}
