import { randomUUID } from 'node:crypto';
import { encodeSample, sampleHeaders, sampleWebhook } from '../dev/samples/sample-webhook.ts';
import type { SampleProvider } from '../dev/samples/sample-webhook.ts';
import type { ChosenSource } from './choose-source.ts';

/** A call that is told of was over by then. */
const CALL_MS = 90_000;

/** What is sent: the body, and what the settings of a custom source look for in headers. */
export type Sample = Readonly<{ body: Buffer; headers: Readonly<Record<string, string>> }>;

/** A new thing at every call, of an id that belongs to a tenant where there is one. `type` is one of `sampleTypes`. */
export function makeSample(provider: SampleProvider, type: string, source: ChosenSource, now: Date): Sample {
  const sample = { key: randomUUID(), livemode: source.mode === 'live', ...ofTenant(provider, source, now) };
  const body = sampleWebhook(provider, type, sample);
  if (body === undefined) throw new RangeError(`There is no sample of ${type}.`);
  return { body: encodeSample(provider, body), headers: sampleHeaders(provider, type, sample) };
}

function ofTenant(provider: SampleProvider, { account, mappedIds, settings }: ChosenSource, now: Date) {
  switch (provider) {
    case 'stripe': {
      const customerId = mappedIds.find((id) => id.startsWith('cus_'));
      return { at: now, ...(customerId === undefined ? {} : { customerId }) };
    }
    case 'standard-webhooks': {
      const [accountId] = mappedIds;
      return { at: now, ...(accountId === undefined ? {} : { accountId }) };
    }
    case 'custom': {
      const [accountId] = mappedIds;
      return { at: now, settings, ...(accountId === undefined ? {} : { accountId }) };
    }
    case 'gohighlevel': {
      const [locationId] = mappedIds;
      const { appId, companyId } = settings;
      return {
        at: now,
        ...(locationId === undefined ? {} : { locationId }),
        ...(typeof appId === 'string' ? { appId } : {}),
        ...(typeof companyId === 'string' ? { companyId } : {}),
      };
    }
    case 'twilio': {
      const ourNumber = mappedIds.find((id) => id.startsWith('+'));
      return { at: now, accountSid: account, ...(ourNumber === undefined ? {} : { ourNumber }) };
    }
    case 'retell': {
      const [agentId] = mappedIds;
      const at = new Date(now.getTime() - CALL_MS - 10_000);
      return { at, organisationId: account, durationMs: CALL_MS, ...(agentId === undefined ? {} : { agentId }) };
    }
  }
}
