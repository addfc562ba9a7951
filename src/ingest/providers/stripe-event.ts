import type { DomainEvent } from '../../domain/events.ts';
import type { Stream, StreamKind } from '../../domain/stream.ts';
import type { Source } from '../../tenants/source.ts';

/** The envelope of one Stripe event, and the source that it came to. */
export type StripeEvent = Readonly<{ id: string; type: string; created: string; source: Source }>;

/** Turns the object of an event into domain events; none when the event says nothing that we count. */
export type StripeMapping<Shape> = (object: Shape, event: StripeEvent) => readonly DomainEvent[];

export function stripeStream(source: Source, kind: StreamKind, externalId: string): Stream {
  return { kind, provider: 'stripe', account: source.account, mode: source.mode, externalId };
}
