import { expect } from '@jest/globals';
import type { DomainEvent, EventType } from '../../../src/domain/events.ts';
import type { Normalised } from '../../../src/ingest/provider.ts';
import { retell } from '../../../src/ingest/providers/retell.ts';
import { stripe } from '../../../src/ingest/providers/stripe.ts';
import type { Source } from '../../../src/tenants/source.ts';
import { expectSound, requestOf, sourceOf } from './webhook.ts';

export function normaliseStripe(body: object | string, changes: Partial<Source> = {}): Normalised {
  const source = sourceOf('stripe', changes);
  const normalised = stripe.normalise(requestOf(body), source, {});
  expectSound(normalised, source);
  return normalised;
}

type RetellOptions = Readonly<{
  source?: Partial<Source>;
  headers?: Readonly<Record<string, readonly string[]>>;
  signedAt?: Date;
}>;

export function normaliseRetell(body: object | string, options: RetellOptions = {}): Normalised {
  const source = sourceOf('retell', options.source);
  const verification = options.signedAt === undefined ? {} : { signedAt: options.signedAt };
  const normalised = retell.normalise(requestOf(body, options.headers), source, verification);
  expectSound(normalised, source);
  return normalised;
}

/** The events of that type. */
export function eventsOf<T extends EventType>(normalised: Normalised, type: T): readonly DomainEvent<T>[] {
  return normalised.events.filter(
    (event): event is Extract<DomainEvent, { type: T }> & DomainEvent<T> => event.type === type,
  );
}

/** The only event of that type. */
export function eventOf<T extends EventType>(normalised: Normalised, type: T): DomainEvent<T> {
  const [event, ...others] = eventsOf(normalised, type);
  expect(others).toEqual([]);
  if (event === undefined) throw new Error(`no ${type} among ${normalised.events.map((each) => each.type).join(', ')}`);
  return event;
}
