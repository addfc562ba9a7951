import { z } from 'zod';
import type { DomainEvent } from '../../domain/events.ts';

type Mapped = Readonly<{ events: readonly DomainEvent[] }> | Readonly<{ oddShape: string }>;

/** Turns what one type of event carries into domain events, or says what is odd about its shape (never its values). */
export type Mapping<Event> = (object: unknown, event: Event) => Mapped;

export function mapping<Shape extends z.ZodType, Event>(
  shape: Shape,
  toEvents: (object: z.infer<Shape>, event: Event) => readonly DomainEvent[],
): Mapping<Event> {
  return (object, event) => {
    const parsed = shape.safeParse(object);
    return parsed.success ? { events: toEvents(parsed.data, event) } : { oddShape: z.prettifyError(parsed.error) };
  };
}
