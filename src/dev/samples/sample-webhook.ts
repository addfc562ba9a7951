import type { RetellSample } from './retell-samples.ts';
import { retellSample, retellSampleTypes } from './retell-samples.ts';
import type { StripeSample } from './stripe-samples.ts';
import { stripeSample, stripeSampleTypes } from './stripe-samples.ts';

export const SAMPLE_PROVIDERS = ['stripe', 'retell'] as const;
export type SampleProvider = (typeof SAMPLE_PROVIDERS)[number];

/** The event names that `sampleWebhook` knows. */
export function sampleTypes(provider: SampleProvider): readonly string[] {
  switch (provider) {
    case 'stripe':
      return stripeSampleTypes;
    case 'retell':
      return retellSampleTypes;
  }
}

/** One body, the same for the same arguments; undefined when the type is not in `sampleTypes`. */
export function sampleWebhook(
  provider: SampleProvider,
  type: string,
  sample: StripeSample & RetellSample = {},
): object | undefined {
  switch (provider) {
    case 'stripe':
      return stripeSample(type, sample);
    case 'retell':
      return retellSample(type, sample);
  }
}
