import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { checkSettings } from '../../../src/ingest/check-settings.ts';
import { custom } from '../../../src/ingest/providers/custom.ts';
import { retell } from '../../../src/ingest/providers/retell.ts';
import { standardWebhooks } from '../../../src/ingest/providers/standard-webhooks.ts';
import { stripe } from '../../../src/ingest/providers/stripe.ts';

const PLAIN = { header: 'X-Sig', pattern: '^(?<signature>.+)$', algorithm: 'hmac-sha256' };
const TIMED = { ...PLAIN, pattern: '^t=(?<timestamp>\\d+),s=(?<signature>.+)$', signedContent: '{timestamp}.{body}' };

describe('the settings of a custom source', () => {
  test.each([
    ['the least that is needed', PLAIN],
    ['a timestamp in the pattern', TIMED],
    ['a timestamp in its own header', { ...PLAIN, timestampHeader: 'X-Time', signedContent: 'v0:{timestamp}:{body}' }],
    ['that header signed by its name', { ...PLAIN, timestampHeader: 'X-Time', signedContent: '{header:x-time}{body}' }],
    ['address and headers signed', { ...PLAIN, signedContent: '{url}|{header:X-Id}|{body}' }],
    [
      'everything else',
      {
        ...TIMED,
        encoding: 'base64',
        prefix: 'v1=',
        toleranceSeconds: 60,
        timestampUnit: 'ms',
        secretEncoding: 'hex',
        idPath: 'header:X-Id',
        typePath: '/event',
        accountIdPaths: ['/org', 'header:X-Org'],
      },
    ],
  ])('may be %s', (_name, settings) => {
    expect(checkSettings(custom, settings)).toBeUndefined();
  });

  test.each([
    ['no header', { ...PLAIN, header: undefined }, 'at header'],
    ['a header that can be none', { ...PLAIN, header: 'X Sig' }, 'is no name of a header'],
    ['a dangerous pattern', { ...PLAIN, pattern: '^(?<signature>(a+)+)$' }, 'at pattern'],
    ['an algorithm that nobody should use', { ...PLAIN, algorithm: 'hmac-md5' }, 'at algorithm'],
    ['a body that is not signed', { ...TIMED, signedContent: '{timestamp}' }, 'does not cover the {body}'],
    ['a placeholder that there is not', { ...PLAIN, signedContent: '{body}{query}' }, 'not "{query}"'],
    ['a timestamp that is not signed', { ...TIMED, signedContent: '{body}' }, 'does not cover the {timestamp}'],
    ['a timestamp that is nowhere', { ...PLAIN, signedContent: '{timestamp}.{body}' }, 'needs a timestamp'],
    ['a tolerance without a timestamp', { ...PLAIN, toleranceSeconds: 300 }, 'needs a timestamp'],
    ['two timestamps', { ...TIMED, timestampHeader: 'X-Time' }, 'is told by the pattern already'],
    ['no tolerance at all', { ...TIMED, toleranceSeconds: 0 }, 'at toleranceSeconds'],
    ['a path that is none', { ...PLAIN, idPath: 'data.id' }, 'is neither a JSON pointer'],
    ['something unknown', { ...PLAIN, secret: 's' }, '"secret"'],
  ])('are refused for %s, and it is said why', (_name, settings, detail) => {
    const fault = checkSettings(custom, settings);
    expect(fault).toContain('The settings of a source of custom do not hold.');
    expect(fault).toContain(detail);
  });
});

test('the settings of the other providers are checked by their own schemas', () => {
  expect(checkSettings(stripe, { connectedAccounts: '*' })).toBeUndefined();
  expect(checkSettings(stripe, { connectedAccounts: ['cus_1'] })).toContain('at connectedAccounts');
  expect(checkSettings(retell, { inbound: { override_agent_id: { '+12025550198': 'agent_1' } } })).toBeUndefined();
  expect(checkSettings(retell, { inbound: { dynamic_variables: { count: 1 } } })).toContain('dynamic_variables.count');
  expect(checkSettings(standardWebhooks, { typePath: '/event' })).toBeUndefined();
  expect(checkSettings(standardWebhooks, { typePath: 'event' })).toContain('is no JSON pointer');
});

test('a provider without settings of its own takes any', () => {
  const { settings: _, ...plain } = stripe;
  expect(checkSettings(plain, { anything: true })).toBeUndefined();
});

test.each([
  [custom, 4],
  [retell, 1],
  [standardWebhooks, 1],
  [stripe, 1],
])('the examples of the documentation hold (%#)', (provider, count) => {
  const page = readFileSync(new URL(`../../../docs/providers/${provider.name}.md`, import.meta.url), 'utf8');
  const inCommands = [...page.matchAll(/--settings '(\{[^']+\})'/g)].map(([, json]) => json ?? '');
  const alone = [...page.matchAll(/```\n(\{[^`]+\})\n```/g)].map(([, json]) => json ?? '');
  const examples = [...inCommands, ...alone];
  expect(examples).toHaveLength(count);
  for (const json of examples) {
    const settings: unknown = JSON.parse(json.replaceAll('…', 'x'));
    expect(checkSettings(provider, z.record(z.string(), z.unknown()).parse(settings))).toBeUndefined();
  }
});
