import { sampleId } from './sample-id.ts';
import { SENDER_EVENTS } from './sender-events.ts';

/** Bodies of our own in the shape that Standard Webhooks recommends: a type, a time and the data. */
export type StandardWebhooksSample = Readonly<{
  /** Names the thing that the event is about. */
  key?: string;
  at?: Date;
  /** Named in the data as `account_id`. */
  accountId?: string;
}>;

export const standardWebhooksSampleTypes: readonly string[] = Object.keys(SENDER_EVENTS);

/** One event of the type; undefined when there is no sample of it. */
export function standardWebhooksSample(type: string, sample: StandardWebhooksSample = {}): object | undefined {
  if (!Object.hasOwn(SENDER_EVENTS, type)) return undefined;
  const { key = 'sample', at = new Date('2026-11-24T09:30:00Z') } = sample;
  const accountId = sample.accountId ?? sampleId('account', key);
  return {
    type,
    timestamp: at.toISOString(),
    data: { id: sampleId('obj', key), account_id: accountId, ...SENDER_EVENTS[type] },
  };
}
