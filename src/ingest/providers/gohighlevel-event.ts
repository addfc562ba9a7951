import type { DomainEvent } from '../../domain/events.ts';
import type { Stream, StreamKind } from '../../domain/stream.ts';
import type { Source } from '../../tenants/source.ts';

/** What the webhook says around the thing that its event is about. */
export type GohighlevelEvent = Readonly<{
  type: string;
  source: Source;
  /** When GoHighLevel sent it, where it says so. */
  sentAt: string | undefined;
  receivedAt: string;
}>;

export type GohighlevelMapping<Shape> = (thing: Shape, event: GohighlevelEvent) => readonly DomainEvent[];

export function gohighlevelStream({ account, mode }: Source, kind: StreamKind, externalId: string): Stream {
  return { kind, provider: 'gohighlevel', account, mode, externalId };
}
