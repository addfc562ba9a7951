import { describe, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { customSample, customSampleHeaders } from '../../../src/dev/samples/custom-samples.ts';
import { signWebhook, strangersSecret } from '../../../src/dev/sign-webhook.ts';
import { custom } from '../../../src/ingest/providers/custom.ts';
import { customSettings } from '../../../src/ingest/providers/custom-settings.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { expectSound, requestOf, sourceOf } from '../../ingest/providers/webhook.ts';

const NOW = new Date('2026-11-24T10:00:00.123Z');
const ORIGIN = 'https://hooks.example.com';
const TYPE = 'order.shipped';
const ACCOUNT = 'account-7';

const ed25519 = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

function keysOf({ privateKey, publicKey }: typeof rsa) {
  return {
    secrets: [privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64')],
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
}

/** A source of those settings, with a key that fits them. */
function sourceThatTakes(settings: Source['settings']): Source {
  const { algorithm, secretEncoding } = customSettings.parse(settings);
  const hmac = { secrets: [Buffer.from('a secret of ours').toString(secretEncoding)] };
  const keys = algorithm === 'ed25519' ? keysOf(ed25519) : algorithm === 'rsa-sha256' ? keysOf(rsa) : hmac;
  return sourceOf('custom', { ...keys, settings, publicUrl: ORIGIN });
}

function requestFor(source: Source, key: string, secret = source.secrets[0] ?? '') {
  const sample = { key, accountId: ACCOUNT, settings: source.settings };
  const body = Buffer.from(JSON.stringify(customSample(TYPE, sample)));
  const scheme = { settings: source.settings, headers: customSampleHeaders(TYPE, sample) };
  const signed = signWebhook('custom', body, secret, NOW.getTime(), `${ORIGIN}/`, scheme);
  return requestOf(body, Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, [value]])));
}

function expectTaken(source: Source): void {
  const { idPath, accountIdPaths } = customSettings.parse(source.settings);
  const [first, again, next] = ['a', 'a', 'b'].map((key) => {
    const request = requestFor(source, key);
    expect(custom.verify(request, source, NOW)).toMatchObject({ verified: true });
    const normalised = custom.normalise(request, source, {});
    expectSound(normalised, source);
    return { ...normalised, content: normalised.content.toString() };
  });
  expect(first).toMatchObject({ status: 'accepted', providerType: TYPE });
  expect(first?.providerEventId === undefined).toBe(idPath === undefined);
  expect(first?.accountIds).toEqual(accountIdPaths.map(() => ACCOUNT));
  expect(again).toEqual(first);
  expect(next?.dedupeKey ?? next?.content).not.toBe(first?.dedupeKey ?? first?.content);

  const forged = requestFor(source, 'c', strangersSecret('custom', source.settings));
  expect(custom.verify(forged, source, NOW)).toMatchObject({ verified: false, cause: 'wrong-signature' });
}

describe('a sample of a custom source', () => {
  test.each([
    [
      'whose signature is over the body alone, and whose id and type are in headers',
      {
        header: 'X-Hub-Signature-256',
        pattern: '^sha256=(?<signature>[0-9a-f]{64})$',
        algorithm: 'hmac-sha256',
        idPath: 'header:X-GitHub-Delivery',
        typePath: 'header:X-GitHub-Event',
        accountIdPaths: ['/installation/id'],
      },
    ],
    [
      'whose timestamp has a header of its own',
      {
        header: 'X-Slack-Signature',
        pattern: '^v0=(?<signature>[0-9a-f]{64})$',
        algorithm: 'hmac-sha256',
        timestampHeader: 'X-Slack-Request-Timestamp',
        signedContent: 'v0:{timestamp}:{body}',
        idPath: '/event_id',
        accountIdPaths: ['/team_id'],
      },
    ],
    [
      'that signs its address and a header that only it knows',
      {
        header: 'Authorization',
        pattern: '^HMAC (?<signature>.+)$',
        algorithm: 'hmac-sha512',
        encoding: 'base64',
        signedContent: '{url}|{header:X-Nonce}|{header:Content-Type}|{body}',
        idPath: '/events/0/id',
        typePath: '/events/0/type',
        accountIdPaths: ['/a~1b/c~0d', 'header:X-Org'],
      },
    ],
    [
      'that names nothing but its type, in milliseconds and with a secret in hex',
      {
        header: 'X-Sig',
        pattern: '^(?<timestamp>\\d{13});(?<signature>.+)$',
        prefix: 'sha1=',
        algorithm: 'hmac-sha1',
        encoding: 'base64url',
        timestampUnit: 'ms',
        secretEncoding: 'hex',
        signedContent: '{body}{timestamp}',
        typePath: '/data',
      },
    ],
    [
      'that signs with an Ed25519 key',
      { header: 'X-Sig', pattern: '^(?<signature>.+)$', algorithm: 'ed25519', encoding: 'base64', idPath: '/id' },
    ],
    [
      'that signs with an RSA key',
      { header: 'X-Sig', pattern: '^(?<signature>[0-9a-f]+)$', algorithm: 'rsa-sha256', idPath: '/id' },
    ],
  ])('%s is taken; another is new, and a forged one refused', (_name, settings) => {
    expectTaken(sourceThatTakes(settings));
  });

  test('is taken wherever id, type and accounts stand', () => {
    const name = fc.constantFrom('data', 'object', 'payload', 'id', '0', '1', '', '~0', '~1x');
    const pointer = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
    const header = fc.constantFrom('header:X-One', 'header:X-Two', 'header:X-Three', 'header:X-Four');
    const excludes = (one: string, other: string) => one !== other && `${other}/`.startsWith(`${one}/`);
    const paths = fc
      .uniqueArray(fc.oneof(pointer, header), { minLength: 1, maxLength: 4 })
      .filter((all) => !all.some((one) => all.some((other) => excludes(one, other))));
    fc.assert(
      fc.property(paths, fc.boolean(), ([typePath = '/type', ...others], hasId) => {
        const [idPath, ...accountIdPaths] = hasId ? others : [undefined, ...others];
        const settings = { header: 'X-Sig', pattern: '^(?<signature>.+)$', algorithm: 'hmac-sha256', typePath };
        expectTaken(sourceThatTakes({ ...settings, ...(idPath === undefined ? {} : { idPath }), accountIdPaths }));
      }),
    );
  });

  test('says what is wrong when its settings take no signature that they make', () => {
    const settings = { header: 'X-Sig', pattern: '^(?<signature>[0-9]{3})$', algorithm: 'hmac-sha256' };
    expect(() => requestFor(sourceThatTakes(settings), 'a')).toThrow('does not take a signature in hex');
    const hex = { header: 'X-Sig', pattern: '^(?<signature>.+)$', algorithm: 'hmac-sha256', secretEncoding: 'hex' };
    expect(() => requestFor(sourceThatTakes(hex), 'a', 'no hex')).toThrow('is not written in hex');
    const pair = { header: 'X-Sig', pattern: '^(?<signature>.+)$', algorithm: 'ed25519' };
    expect(() => requestFor(sourceThatTakes(pair), 'a', keysOf(rsa).secrets[0])).toThrow('no ed25519 private key');
  });
});
