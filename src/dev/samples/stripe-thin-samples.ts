import { sampleId } from './sample-id.ts';
import type { StripeStory } from './stripe-story.ts';

type ThinObject = Readonly<{ object: string; idPrefix: string; path: string }>;

const METER: ThinObject = { object: 'billing.meter', idPrefix: 'mtr', path: '/v1/billing/meters' };
const DESTINATION: ThinObject = {
  object: 'v2.core.event_destination',
  idPrefix: 'ed',
  path: '/v2/core/event_destinations',
};

/** Three of the thin events, which are all read alike: they name an object and do not carry it, or name none. */
export const STRIPE_THIN_OBJECTS: Readonly<Record<string, ThinObject | null>> = {
  'v1.billing.meter.error_report_triggered': METER,
  'v1.billing.meter.no_meter_found': null,
  'v2.core.event_destination.ping': DESTINATION,
};

export function thinEvent({ type, key, eventId, created, livemode, connectedAccount }: StripeStory): object {
  const about = STRIPE_THIN_OBJECTS[type] ?? undefined;
  const id = about && sampleId(about.idPrefix, key);
  return {
    id: eventId,
    object: 'v2.core.event',
    ...(connectedAccount === undefined ? {} : { context: connectedAccount }),
    created: new Date(created * 1000).toISOString(),
    livemode,
    reason: null,
    related_object: about === undefined ? null : { id, type: about.object, url: `${about.path}/${id}` },
    type,
  };
}
