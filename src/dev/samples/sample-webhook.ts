import type { CustomSample } from './custom-samples.ts';
import { customSample, customSampleHeaders, customSampleTypes } from './custom-samples.ts';
import type { GohighlevelSample } from './gohighlevel-samples.ts';
import { gohighlevelSample, gohighlevelSampleTypes } from './gohighlevel-samples.ts';
import type { RetellSample } from './retell-samples.ts';
import { retellSample, retellSampleTypes } from './retell-samples.ts';
import type { StandardWebhooksSample } from './standard-webhooks-samples.ts';
import { standardWebhooksSample, standardWebhooksSampleTypes } from './standard-webhooks-samples.ts';
import { stripeSample, stripeSampleTypes } from './stripe-samples.ts';
import type { StripeSample } from './stripe-story.ts';
import { twilioSample, twilioSampleTypes } from './twilio-samples.ts';
import type { TwilioSample } from './twilio-story.ts';

export const SAMPLE_PROVIDERS = ['stripe', 'retell', 'gohighlevel', 'standard-webhooks', 'twilio', 'custom'] as const;
export type SampleProvider = (typeof SAMPLE_PROVIDERS)[number];

type Sample = StripeSample & RetellSample & GohighlevelSample & StandardWebhooksSample & TwilioSample & CustomSample;

/** The event names that `sampleWebhook` knows. */
export function sampleTypes(provider: SampleProvider): readonly string[] {
  switch (provider) {
    case 'stripe':
      return stripeSampleTypes;
    case 'retell':
      return retellSampleTypes;
    case 'gohighlevel':
      return gohighlevelSampleTypes;
    case 'standard-webhooks':
      return standardWebhooksSampleTypes;
    case 'twilio':
      return twilioSampleTypes;
    case 'custom':
      return customSampleTypes;
  }
}

/** One body, the same for the same arguments; undefined when the type is not in `sampleTypes`. */
export function sampleWebhook(provider: SampleProvider, type: string, sample: Sample = {}): object | undefined {
  switch (provider) {
    case 'stripe':
      return stripeSample(type, sample);
    case 'retell':
      return retellSample(type, sample);
    case 'gohighlevel':
      return gohighlevelSample(type, sample);
    case 'standard-webhooks':
      return standardWebhooksSample(type, sample);
    case 'twilio':
      return twilioSample(type, sample);
    case 'custom':
      return customSample(type, sample);
  }
}

/** What of that sample stands in headers: only the sources of `custom` may look there for its type, id and accounts. */
export function sampleHeaders(
  provider: SampleProvider,
  type: string,
  sample: Sample = {},
): Readonly<Record<string, string>> {
  return provider === 'custom' ? customSampleHeaders(type, sample) : {};
}

/** The bytes in which the provider sends that body: JSON, but for the forms of Twilio. */
export function encodeSample(provider: SampleProvider, body: object): Buffer {
  if (provider !== 'twilio' || Array.isArray(body)) return Buffer.from(JSON.stringify(body));
  return Buffer.from(new URLSearchParams(Object.entries(body)).toString());
}
