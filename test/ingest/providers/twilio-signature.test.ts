import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { validateRequest, validateRequestWithBody } from 'twilio/lib/webhooks/webhooks.js';
import { z } from 'zod';
import { twilioSample } from '../../../src/dev/samples/twilio-samples.ts';
import type { IncomingRequest, Verification } from '../../../src/ingest/provider.ts';
import { verifyTwilioSignature } from '../../../src/ingest/providers/twilio-signature.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { readFixtureText } from './fixtures.ts';
import { officialSignature, ORIGIN, PATH, TOKEN, twilioRequest, twilioSource } from './twilio-requests.ts';

const FORM = twilioSample('call.completed') ?? {};
const LIST = twilioSample('event-streams') ?? [];

function verify(request: IncomingRequest, signatures: readonly string[], changes: Partial<Source> = {}): Verification {
  return verifyTwilioSignature({ ...request, headers: { 'x-twilio-signature': signatures } }, twilioSource(changes));
}

function causeOf(verification: Verification): string | undefined {
  return verification.verified ? undefined : verification.cause;
}

function detailOf(verification: Verification): string {
  return verification.verified ? '' : (verification.detail ?? '');
}

describe('a Twilio signature', () => {
  test('of a form is accepted, and tells no time', () => {
    const request = twilioRequest(FORM);
    expect(verify(request, [officialSignature(request)])).toEqual({ verified: true });
  });

  test('of a JSON body is accepted, whose hash is in the address', () => {
    const request = twilioRequest(LIST);
    expect(request.url).toMatch(/bodySHA256=/);
    expect(verify(request, [officialSignature(request)]).verified).toBe(true);
    const other = { ...request, body: Buffer.from(`${request.body.toString()} `) };
    expect(causeOf(verify(other, [officialSignature(other)]))).toBe('wrong-signature');
  });

  test('may be made with either of two live auth tokens', () => {
    const request = twilioRequest(FORM);
    const secrets = ['new token', 'old token'];
    for (const secret of secrets) {
      expect(verify(request, [officialSignature(request, undefined, secret)], { secrets }).verified).toBe(true);
    }
    const third = officialSignature(request, undefined, 'third token');
    expect(causeOf(verify(request, [third], { secrets }))).toBe('wrong-signature');
  });

  test.each([
    ['an origin', ORIGIN, `${ORIGIN}${PATH}`],
    ['an origin with a slash', `${ORIGIN}/`, `${ORIGIN}${PATH}`],
    ['a path that a proxy takes away', `${ORIGIN}/hooks/`, `${ORIGIN}/hooks${PATH}`],
    ['a query and a fragment, which are not the source’s', `${ORIGIN}?a=1#rc=3`, `${ORIGIN}${PATH}`],
    ['credentials', 'https://user:pass@hooks.example.com', `https://user:pass@hooks.example.com${PATH}`],
  ])('is checked against the public address: %s', (_name, publicUrl, url) => {
    const request = twilioRequest(FORM);
    expect(verify(request, [officialSignature(request, url)], { publicUrl }).verified).toBe(true);
  });

  test.each([
    ['https without a port, signed with it', ORIGIN, `${ORIGIN}:443`],
    ['https with its port, signed without', `${ORIGIN}:443`, ORIGIN],
    ['http without a port, signed with it', 'http://hooks.example.com', 'http://hooks.example.com:80'],
    ['another port, signed with it', `${ORIGIN}:8443`, `${ORIGIN}:8443`],
    ['another port, signed without', `${ORIGIN}:8443`, ORIGIN],
    ['an IPv6 address', 'https://[2001:db8::1]', 'https://[2001:db8::1]:443'],
    ['capitals in the host, signed as a browser writes it', 'https://Hooks.Example.com', ORIGIN],
  ])('allows for the ways to write the port and host: %s', (_name, publicUrl, signedOrigin) => {
    const request = twilioRequest(FORM);
    const signature = officialSignature(request, `${signedOrigin}${PATH}`);
    expect(verify(request, [signature], { publicUrl }).verified).toBe(true);
  });

  test('allows for a query that was escaped before it was signed', () => {
    const request = twilioRequest(FORM, {}, `${PATH}?name=O'Hara`);
    for (const query of ["?name=O'Hara", '?name=O%27Hara']) {
      expect(verify(request, [officialSignature(request, `${ORIGIN}${PATH}${query}`)]).verified).toBe(true);
    }
  });

  test('does not allow for another scheme, host, path or query', () => {
    const request = twilioRequest(FORM, {}, `${PATH}?a=1`);
    const others = ['http://hooks.example.com', 'https://hooks.example.org'].map((origin) => `${origin}${PATH}?a=1`);
    for (const url of [...others, `${ORIGIN}/other?a=1`, `${ORIGIN}${PATH}?a=2`, `${ORIGIN}${PATH}`]) {
      expect(causeOf(verify(request, [officialSignature(request, url)]))).toBe('wrong-signature');
    }
  });

  test.each([
    ['a value twice', 'A=1&A=1'],
    ['different values, in another order', 'A=2&A=1&B=&A=10'],
    ['an empty parameter', 'Body=&To=%2B1'],
    ['a plus and a percent sign for a space', 'Body=a+b%20c'],
    ['no parameters', ''],
    ['letters of many scripts', 'Body=%E2%82%AC+%F0%9F%98%80&Z=%C3%A9'],
    ['a name that an object has already', '__proto__=1&constructor=2&toString='],
  ])('covers every parameter: %s', (_name, body) => {
    const request = twilioRequest(body);
    expect(verify(request, [officialSignature(request)]).verified).toBe(true);
  });

  test('of ten thousand parameters costs no more than reading them', () => {
    const body = Array.from({ length: 10_000 }, (_, index) => `P${(index * 7919) % 10_007}=${index}&Same=${index}`);
    const request = twilioRequest(body.join('&'));
    expect(verify(request, [officialSignature(request)]).verified).toBe(true);
    expect(causeOf(verify(request, [officialSignature(twilioRequest(FORM))]))).toBe('wrong-signature');
  });

  test.each([
    ['no header', () => [], 'missing-signature'],
    ['an empty header', () => [''], 'missing-signature'],
    ['two headers, even equal ones', (value: string) => [value, value], 'doubled-signature'],
    ['text before it', (value: string) => [` ${value}`], 'malformed-signature'],
    ['text after it', (value: string) => [`${value} `], 'malformed-signature'],
    ['half of it', (value: string) => [value.slice(0, 14)], 'malformed-signature'],
    ['hex instead of base64', (value: string) => [Buffer.from(value, 'base64').toString('hex')], 'malformed-signature'],
    ['another digest', () => [`${'A'.repeat(27)}=`], 'wrong-signature'],
    ['two spare bits that decode to the same', (value: string) => [spareBits(value)], 'wrong-signature'],
  ])('is refused for %s', (_name, mutate, cause) => {
    const request = twilioRequest(FORM);
    expect(causeOf(verify(request, mutate(officialSignature(request))))).toBe(cause);
  });

  test('is refused where no auth token is configured, or an empty one', () => {
    const request = twilioRequest(FORM);
    for (const secrets of [[], ['']]) {
      const signature = officialSignature(request, undefined, '');
      expect(causeOf(verify(request, [signature], { secrets }))).toBe('no-secret-configured');
    }
  });

  test('is refused where no public address is configured, and says what to do', () => {
    const { publicUrl: _, ...source } = twilioSource();
    const request = twilioRequest(FORM, { 'x-twilio-signature': [officialSignature(twilioRequest(FORM))] });
    const verification = verifyTwilioSignature(request, source);
    expect(causeOf(verification)).toBe('no-secret-configured');
    expect(detailOf(verification)).toContain('set --public-url');
  });

  test('that is refused tells the addresses that it was checked against, and neither token, value nor credentials', () => {
    const request = twilioRequest({ Body: 'the text', Digits: '98765' }, {}, `${PATH}?a=1`);
    const publicUrl = 'https://user:pass@hooks.example.com';
    const detail = detailOf(verify(request, [`${'A'.repeat(27)}=`], { publicUrl }));
    expect(detail).toBe(
      `Checked against https://hooks.example.com${PATH}?a=1, https://hooks.example.com:443${PATH}?a=1`,
    );
    expect(detail).not.toMatch(/the text|98765|pass|0123456789abcdef/);
  });

  test('of an address alone does not carry over to a JSON body beside it', () => {
    const empty = twilioRequest('');
    const forged = { ...twilioRequest(LIST), url: PATH };
    expect(causeOf(verify(forged, [officialSignature(empty)]))).toBe('wrong-signature');
  });

  test('does not hold for two hashes of a body in the address', () => {
    const { body } = twilioRequest(LIST);
    const hash = createHash('sha256').update(body).digest('hex');
    const url = `${PATH}?bodySHA256=${hash}&bodySHA256=${hash}`;
    const request = { ...twilioRequest(LIST), url };
    expect(causeOf(verify(request, [officialSignature(request)]))).toBe('wrong-signature');
  });

  test('is accepted exactly where Twilio’s own library accepts it', () => {
    const parameter = fc.tuple(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    const cases = fc.record({
      params: fc.array(parameter, { maxLength: 12 }),
      query: fc.constantFrom('', '?a=1', "?b=O'Hara&c=%20", '?d=é', '?'),
      publicUrl: fc.constantFrom(ORIGIN, `${ORIGIN}:8443`, 'http://a.example', 'https://[::1]:1'),
      signedOver: fc.constantFrom('', ':443', ':80', ':8443'),
      mutate: fc.constantFrom(
        (value: string) => value,
        (value: string) => value.toLowerCase(),
        () => '',
      ),
    });
    fc.assert(
      fc.property(cases, ({ params, query, publicUrl, signedOver, mutate }) => {
        const request = twilioRequest(new URLSearchParams(params).toString(), {}, `${PATH}${query}`);
        const origin = publicUrl.replace(/:\d+$/, '') + signedOver;
        const signature = mutate(officialSignature(request, `${origin}${request.url}`));
        const theirParams = Object.fromEntries(
          [...new Set(params.map(([name]) => name))].map((name) => [
            name.toWellFormed(),
            params.filter(([each]) => each === name).map(([, value]) => value.toWellFormed()),
          ]),
        );
        const theirs = validateRequest(TOKEN, signature, `${publicUrl}${request.url}`, theirParams);
        expect(verify(request, [signature], { publicUrl }).verified).toBe(theirs);
      }),
      { numRuns: 300 },
    );
  });

  test('of JSON is accepted exactly where Twilio’s own library accepts it', () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (text, isTouched) => {
        const request = {
          ...twilioRequest([text]),
          body: Buffer.from(JSON.stringify([text]) + (isTouched ? ' ' : '')),
        };
        const signature = officialSignature(request);
        const url = `${ORIGIN}${request.url}`;
        const theirs = validateRequestWithBody(TOKEN, signature, url, request.body.toString());
        expect(verify(request, [signature]).verified).toBe(theirs);
        expect(theirs).toBe(!isTouched);
      }),
      { numRuns: 100 },
    );
  });
});

const vector = z.object({
  provider: z.literal('twilio'),
  name: z.string(),
  url: z.string(),
  params: z.record(z.string(), z.string()).nullable(),
  body: z.string().nullable(),
  secret: z.string(),
  signature: z.string(),
  valid: z.boolean(),
});

describe('a published vector of Twilio', () => {
  const text = readFixtureText('signature-vectors.json');
  const vectors = z.array(z.unknown()).parse(text === undefined ? [] : JSON.parse(text));
  for (const each of vectors.flatMap((one) => vector.safeParse(one).data ?? [])) {
    test(`${each.name}, gets the expected answer`, () => {
      const { origin } = new URL(each.url);
      const body = each.body ?? new URLSearchParams(each.params ?? {}).toString();
      const request = twilioRequest(body, {}, each.url.slice(origin.length));
      const verification = verify(request, [each.signature], { publicUrl: origin, secrets: [each.secret] });
      expect(verification.verified).toBe(each.valid);
    });
  }
});

/** 160 bits leave two bits of the last letter unused. */
function spareBits(signature: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const last = signature.at(-2) ?? '';
  return `${signature.slice(0, -2)}${letters[letters.indexOf(last) ^ 1]}=`;
}
