import type { DomainEvent } from '../../domain/events.ts';
import type { Mapping } from './mapping.ts';
import { receivedEvent } from './received-event.ts';
import type { TwilioEvent } from './twilio-event.ts';
import { twilioStream } from './twilio-event.ts';
import type { TwilioFields } from './twilio-fields.ts';
import type { TwilioShape } from './twilio-shapes.ts';

export type TwilioOutcome = Readonly<{
  /** At least one. */
  events: readonly DomainEvent[];
  /** Why it could not be mapped, for people; left out when it could. */
  fault?: string;
}>;

export type Told = Readonly<{ type: string; fields: TwilioFields; event: TwilioEvent }>;

/** The events that the mappings make of something that Twilio told; where they make none it is kept. */
export function outcomeOf(
  told: Told,
  about: TwilioShape['about'],
  mappings: readonly Mapping<TwilioEvent>[],
): TwilioOutcome {
  const events: DomainEvent[] = [];
  for (const map of mappings) {
    const mapped = map(told.fields, told.event);
    if ('oddShape' in mapped) return unmapped(told, about, 'odd-shape', mapped.oddShape);
    events.push(...mapped.events);
  }
  return { events: events.length > 0 ? events : [received(told, about, 'kept')] };
}

export function unmapped(
  told: Told,
  about: TwilioShape['about'],
  reason: 'unknown-type' | 'odd-shape',
  fault: string,
): TwilioOutcome {
  return { events: [received(told, about, reason)], fault };
}

function received(
  { type, event }: Told,
  about: TwilioShape['about'],
  reason: 'kept' | 'unknown-type' | 'odd-shape',
): DomainEvent {
  const stream = twilioStream(event.source, about.kind, about.id);
  return receivedEvent(stream, event.at, { providerType: type, objectId: about.id, reason });
}
