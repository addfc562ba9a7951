import { describe, expect, test } from '@jest/globals';
import { foldCallLinks } from '../../src/projections/call-links.ts';
import { foldStreams } from '../../src/projections/fold-streams.ts';
import { recordedEvent } from './recorded-event.ts';

const linked = (position: number, callId: string, options: { tenantId?: string; stream?: string } = {}) =>
  recordedEvent('CallLinked', { position, kind: 'call', ...options, data: { provider: 'twilio', callId } });
const moved = (position: number, from: string, to: string) =>
  recordedEvent('StreamTenantMoved', { position, kind: 'call', tenantId: to, data: { from, to, reason: 'mapped' } });

const link = (linkedId: string, tenantId = 'A') => ({ provider: 'twilio', account: null, linkedId, tenantId });

function linesOf(...events: Parameters<typeof foldStreams>[1]) {
  const { lines } = foldStreams(new Map(), events, foldCallLinks);
  return lines.map(({ event, line }) => ({ position: event.position, ...line }));
}

describe('the links of a call', () => {
  test('hold each leg once, however many webhooks name it', () => {
    expect(linesOf(linked(1, 'CA1'), linked(2, 'CA1'), linked(3, 'CA2'))).toEqual([
      { position: 1n, ...link('CA1') },
      { position: 3n, ...link('CA2') },
    ]);
  });

  test('are of the call that names them: another one may name the same leg', () => {
    expect(linesOf(linked(1, 'CA1'), linked(2, 'CA1', { stream: '2' }))).toHaveLength(2);
  });

  test('name a leg as it stands in the key of its stream', () => {
    expect(linesOf(linked(1, 'a/b c'))).toMatchObject([{ linkedId: 'a%2Fb%20c' }]);
  });

  test('are told again, once each, for the tenant that the call moves to, and not by later webhooks', () => {
    const unassigned = { tenantId: 'unassigned' };
    const events = [
      linked(1, 'CA1', unassigned),
      linked(2, 'CA2', unassigned),
      moved(3, 'unassigned', 'A'),
      linked(4, 'CA1', { tenantId: 'A' }),
      moved(5, 'A', 'B'),
      moved(6, 'B', 'A'),
    ];
    expect(linesOf(...events)).toEqual([
      { position: 1n, ...link('CA1', 'unassigned') },
      { position: 2n, ...link('CA2', 'unassigned') },
      { position: 3n, ...link('CA1') },
      { position: 3n, ...link('CA2') },
      { position: 5n, ...link('CA1', 'B') },
      { position: 5n, ...link('CA2', 'B') },
    ]);
  });

  test('are none before anything is linked, also of a call that moves', () => {
    expect(linesOf(moved(1, 'unassigned', 'A'))).toEqual([]);
  });
});
