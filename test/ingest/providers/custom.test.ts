import { describe, expect, test } from '@jest/globals';
import { custom } from '../../../src/ingest/providers/custom.ts';
import { expectSound, RECEIVED_AT, requestOf, sourceOf } from './webhook.ts';

const SETTINGS = {
  header: 'X-Hub-Digest',
  pattern: '^(?<signature>.+)$',
  algorithm: 'hmac-sha256',
  signedContent: '{header:X-Nonce}{body}',
  idPath: 'header:X-Delivery',
  typePath: '/event',
  accountIdPaths: ['/repository/owner', 'header:X-Org', '/missing'],
};

function normalise(body: object | string, headers = {}, settings: object = SETTINGS) {
  const source = sourceOf('custom', { settings: { ...settings } });
  const normalised = custom.normalise(requestOf(body, headers), source, {});
  expectSound(normalised, source);
  return normalised;
}

describe('a webhook by a custom scheme', () => {
  test('is kept under the type, the id and the accounts that the settings find', () => {
    const headers = { 'x-delivery': ['d-1'], 'x-org': ['org-9'] };
    expect(normalise({ event: 'push', repository: { owner: 'ada' } }, headers)).toMatchObject({
      status: 'accepted',
      providerType: 'push',
      providerEventId: 'd-1',
      dedupeKey: 'd-1',
      accountIds: ['ada', 'org-9'],
      startedAt: RECEIVED_AT,
      events: [{ type: 'ProviderEventReceived', data: { providerType: 'push', reason: 'kept' } }],
    });
  });

  test('without an id is told from duplicates by its content', () => {
    const normalised = normalise({ event: 'push' }, { 'x-delivery': ['a', 'b'] });
    expect(normalised).toMatchObject({ status: 'accepted', content: Buffer.from('{"event":"push"}') });
    expect(normalised.dedupeKey).toBeUndefined();
  });

  test('may be of any format, where a header names its type', () => {
    const headers = { 'x-delivery': ['d-1'], 'x-event': ['push'] };
    const normalised = normalise('a=1&b=2', headers, { ...SETTINGS, typePath: 'header:X-Event' });
    expect(normalised).toMatchObject({ status: 'accepted', providerType: 'push' });
  });

  test.each([
    ['no type', '{}', 'odd-shape'],
    ['no JSON', 'a=1', 'unreadable'],
  ])('with %s is unmapped', (_name, body, reason) => {
    expect(normalise(body)).toMatchObject({ status: 'unmapped', events: [{ data: { reason } }] });
  });

  test('has all headers kept that are needed to verify and read it again', () => {
    const names = custom.signedHeaders?.(sourceOf('custom', { settings: SETTINGS }));
    expect(names).toEqual(['x-hub-digest', 'x-nonce', 'x-delivery', 'x-org']);
  });
});
