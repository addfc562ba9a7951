import type { DomainEvent } from '../../domain/events.ts';
import type { Stream } from '../../domain/stream.ts';

/** Where and when one Retell event belongs. */
export type RetellEvent = Readonly<{
  stream: Stream;
  /** Start of the call or chat: the time of the service, under which it is counted. */
  occurredAt: string;
  /** When Retell said so, which orders several reports of one fact. */
  providerTime: string;
}>;

export type RetellMapping<Shape> = (body: Shape, event: RetellEvent) => readonly DomainEvent[];

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
