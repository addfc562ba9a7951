import { expect, test } from '@jest/globals';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import { foldStreams } from '../../src/projections/fold-streams.ts';
import { foldPayout } from '../../src/projections/payout-fold.ts';
import { at, recordedEvent } from './recorded-event.ts';

function payout(type: 'PayoutPaid' | 'PayoutFailed', position: number, time: string): RecordedEvent {
  const status = type === 'PayoutPaid' ? 'paid' : 'failed';
  return recordedEvent(type, {
    position,
    kind: 'payout',
    occurredAt: at(time),
    data: { amount: '900.5', currency: 'USD', status },
  });
}

const after = (...events: readonly RecordedEvent[]) => foldStreams(new Map(), events, foldPayout).rows.at(-1)?.state;

test('a payout is paid, and may come back after that, in whatever order that is learnt', () => {
  const paid = payout('PayoutPaid', 1, '09:00');
  const failed = payout('PayoutFailed', 2, '10:00');
  expect(after(paid)).toMatchObject({ report: { status: 'paid' }, paidAt: at('09:00').toISOString() });
  const both = { report: { status: 'failed' }, paidAt: at('09:00').toISOString(), failedAt: at('10:00').toISOString() };
  expect(after(paid, failed)).toMatchObject(both);
  expect(after(payout('PayoutFailed', 1, '10:00'), payout('PayoutPaid', 2, '09:00'))).toMatchObject(both);
});

test('a payout moves to another tenant, and an event of another thing is none of it', () => {
  const moved = { from: 'A', to: 'B', reason: 'a person said so' };
  const move = recordedEvent('StreamTenantMoved', { position: 2, kind: 'payout', tenantId: 'B', data: moved });
  expect(after(payout('PayoutPaid', 1, '09:00'), move)).toMatchObject({ tenantId: 'B' });
  expect(after(recordedEvent('StreamTenantMoved', { position: 1, kind: 'payment', data: moved }))).toBeUndefined();
});
