import { z } from 'zod';
import type { DomainEvent, EventData } from '../../domain/events.ts';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Normalised, Provider } from '../provider.ts';
import { readBody } from './read-body.ts';
import { bodyHash, providerObjectStream, receivedEvent } from './received-event.ts';
import type { StripeEvent } from './stripe-event.ts';
import { STRIPE_KEPT_TYPES } from './stripe-kept-types.ts';
import { STRIPE_MAPPINGS } from './stripe-mappings.ts';
import { stripeSettings, isConnected } from './stripe-settings.ts';
import { reference, seconds } from './stripe-shapes.ts';
import { verifyStripeSignature } from './stripe-signature.ts';

/** Snapshot events, of any API version from 2020-08-27 on. Thin events are kept: they would have to be read back. */
export const stripe: Provider = {
  name: 'stripe',
  settings: stripeSettings,
  verify: verifyStripeSignature,
  normalise,
};

const id = z.string().min(1).optional().catch(undefined);

const accountId = z
  .string()
  .regex(/^acct_\w+$/)
  .optional()
  .catch(undefined);

/** How a thin event writes a time. */
const isoTime = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** As much of an envelope as can be read; what is odd in it is as good as missing. */
const envelope = z.object({
  id,
  object: id,
  type: id,
  account: id,
  livemode: z.boolean().optional().catch(undefined),
  created: seconds.or(isoTime).optional().catch(undefined),
  data: z.object({ object: z.unknown() }).optional().catch(undefined),
  /** Of a thin event: the account that it is of, and the object that would have to be read. */
  context: accountId,
  related_object: z.object({ id }).optional().catch(undefined),
});
type Envelope = Omit<z.infer<typeof envelope>, 'context'>;

/** What any object of Stripe may tell of itself. */
const thing = z
  .object({ id, object: id, customer: reference.catch(undefined), created: seconds.optional().catch(undefined) })
  .catch({ customer: undefined });
type Thing = z.infer<typeof thing>;

type Outcome = Readonly<{ status: Normalised['status']; events: readonly DomainEvent[]; detail?: string }>;

function normalise(request: IncomingRequest, source: Source): Normalised {
  const read = readBody(request, source);
  if (read.body === undefined) return read.unmapped;

  const { context, ...told } = envelope.parse(read.body);
  const event = { ...told, account: told.account ?? context };
  const object = thing.parse(event.data?.object);
  const began = object.created ?? event.created;
  return {
    providerType: event.type ?? 'unreadable',
    ...(event.id === undefined ? {} : { providerEventId: event.id, dedupeKey: event.id }),
    // Deliveries of one event differ in how many endpoints still wait for it, and perhaps in white space.
    content: JSON.stringify({ ...read.body, pending_webhooks: undefined }),
    accountIds: accountIds(event, object, source),
    // What a connected account takes in is its own money, whoever's books the source keeps.
    ...(isOfConnected(event, source) ? { books: 'tenant' } : {}),
    ...(began === undefined ? {} : { startedAt: new Date(began) }),
    ...judge(event, object, request, source),
  };
}

function judge(event: Envelope, object: Thing, request: IncomingRequest, source: Source): Outcome {
  const stranger = strangerTo(event, source);
  if (stranger !== undefined) return { status: 'quarantined', events: [], detail: stranger };

  const { type } = event;
  const objectId = object.id ?? event.related_object?.id;
  const received = (reason: EventData<'ProviderEventReceived'>['reason']) =>
    receivedEvent(
      providerObjectStream(source, objectId ?? event.id ?? bodyHash(request)),
      event.created ?? request.receivedAt.toISOString(),
      { providerType: type ?? 'unreadable', objectId, reason },
    );
  const unmapped = (reason: 'unknown-type' | 'odd-shape', detail: string): Outcome => ({
    status: 'unmapped',
    events: [received(reason)],
    detail,
  });

  const isThin = event.object === 'v2.core.event';
  if (!isThin && event.object !== 'event') return unmapped('odd-shape', 'The body is not an event.');
  // It names its object and does not carry it, so there is nothing to map, however new the type.
  if (isThin && /^v\d+\./.test(type ?? '')) return { status: 'accepted', events: [received('kept')] };
  if (isThin) return unmapped('unknown-type', 'The type is none of a thin event.');
  const { id: eventId, created } = event;
  if (eventId === undefined || type === undefined || created === undefined || event.livemode === undefined) {
    return unmapped('odd-shape', 'The event lacks its id, type, created or livemode.');
  }
  if (STRIPE_KEPT_TYPES.has(type)) return { status: 'accepted', events: [received('kept')] };
  const map = STRIPE_MAPPINGS.get(type);
  if (map === undefined) return unmapped('unknown-type', 'The type is neither mapped nor listed as kept.');

  const at: StripeEvent = { id: eventId, type, created, source };
  const mapped = map(event.data?.object, at);
  if ('oddShape' in mapped) return unmapped('odd-shape', mapped.oddShape);
  return { status: 'accepted', events: mapped.events.length > 0 ? mapped.events : [received('kept')] };
}

/** Why a verified event is not for this source. */
function strangerTo(event: Envelope, source: Source): string | undefined {
  const mode = event.livemode === undefined ? source.mode : event.livemode ? 'live' : 'test';
  if (mode !== source.mode) return `The event is of mode ${mode}, the source of mode ${source.mode}.`;
  // Only events of connected accounts name one.
  if (event.account === undefined || event.account === source.account) return undefined;
  if (isConnected(source, event.account)) return undefined;
  return `The event is of account ${event.account}, the source of account ${source.account}.`;
}

function isOfConnected({ account }: Envelope, source: Source): boolean {
  return account !== undefined && account !== source.account && isConnected(source, account);
}

/** A connected account is a tenant's own, so that it says more than its customer does. */
function accountIds(event: Envelope, object: Thing, source: Source): readonly string[] {
  const customer = object.object === 'customer' ? object.id : object.customer;
  const ids = isOfConnected(event, source) ? [event.account, customer] : [customer, event.account];
  return ids.filter((each) => each !== undefined);
}
