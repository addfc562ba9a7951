import type { DomainEvent } from '../../domain/events.ts';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Normalised, Provider } from '../provider.ts';
import type { GohighlevelEnvelope } from './gohighlevel-envelope.ts';
import { readEnvelope } from './gohighlevel-envelope.ts';
import { GOHIGHLEVEL_KEPT_TYPES, GOHIGHLEVEL_MAPPINGS } from './gohighlevel-mappings.ts';
import { gohighlevelNaturalKey } from './gohighlevel-natural-key.ts';
import { gohighlevelSettings, readSettings } from './gohighlevel-settings.ts';
import { verifyGohighlevelSignature } from './gohighlevel-signature.ts';
import { typeOf } from './gohighlevel-type-of.ts';
import { readBody } from './read-body.ts';
import { bodyHash, providerObjectStream, receivedEvent } from './received-event.ts';

/** GoHighLevel sends again after a 429 only: a 5xx would lose the event for good. */
export const gohighlevel: Provider = {
  name: 'gohighlevel',
  unavailableStatus: 429,
  settings: gohighlevelSettings,
  verify: verifyGohighlevelSignature,
  normalise,
};

type Outcome = Readonly<{ status: Normalised['status']; events: readonly DomainEvent[]; detail?: string }>;

function normalise(request: IncomingRequest, source: Source): Normalised {
  const read = readBody(request, source);
  if (read.body === undefined) return read.unmapped;

  const envelope = readEnvelope(read.body);
  const { webhookId, thing, locationIds, companyIds } = envelope;
  const type = typeOf(envelope.type, thing, request);
  const dedupeKey = webhookId ?? (type === undefined ? undefined : gohighlevelNaturalKey(type, thing));
  const startedAt = envelope.beganAt ?? envelope.sentAt;
  const stranger = strangerTo(envelope, source);
  return {
    providerType: type ?? 'unreadable',
    ...(webhookId === undefined ? {} : { providerEventId: webhookId }),
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    // One body may be of several events, which only the addresses that they are sent to tell apart.
    content: Buffer.concat([Buffer.from(`${type ?? ''}\n`), request.body]),
    accountIds: [...new Set([...locationIds.slice(0, 1), ...companyIds.slice(0, 1), ...locationIds.slice(1)])],
    ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt) }),
    ...(stranger === undefined
      ? map(type, envelope, request, source)
      : { status: 'quarantined', events: [], detail: stranger }),
  };
}

function map(
  type: string | undefined,
  envelope: GohighlevelEnvelope,
  request: IncomingRequest,
  source: Source,
): Outcome {
  const { thing, thingId, sentAt, changedAt, locationIds, companyIds } = envelope;
  const receivedAt = request.receivedAt.toISOString();
  const received = (reason: 'kept' | 'unknown-type' | 'odd-shape') => [
    receivedEvent(
      providerObjectStream(source, thingId ?? locationIds[0] ?? companyIds[0] ?? bodyHash(request)),
      sentAt ?? changedAt ?? receivedAt,
      { providerType: type ?? 'unreadable', objectId: thingId, reason },
    ),
  ];
  if (type === undefined) {
    const detail = 'Neither the body, nor the address, nor the shape tells which event it is.';
    return { status: 'unmapped', events: received('odd-shape'), detail };
  }
  if (GOHIGHLEVEL_KEPT_TYPES.has(type)) return { status: 'accepted', events: received('kept') };
  const mapped = GOHIGHLEVEL_MAPPINGS.get(type)?.(thing, { type, source, sentAt, receivedAt });
  if (mapped === undefined) {
    return { status: 'unmapped', events: received('unknown-type'), detail: 'The type is neither mapped nor kept.' };
  }
  if ('oddShape' in mapped) return { status: 'unmapped', events: received('odd-shape'), detail: mapped.oddShape };
  return { status: 'accepted', events: mapped.events.length > 0 ? mapped.events : received('kept') };
}

/**
 * Why a verified event is not for this source: GoHighLevel signs the events of every app with one key, so a signature
 * says who sent it, and not for whom.
 */
function strangerTo({ appIds, companyIds, isLive }: GohighlevelEnvelope, source: Source): string | undefined {
  const { settings, fault } = readSettings(source);
  if (settings === undefined) return `The settings of the source can not be read: ${fault}`;
  const { appId, companyId } = settings;
  const otherApp = appId === undefined ? undefined : appIds.find((id) => id !== appId);
  if (otherApp !== undefined) return `The event is of app ${otherApp}, the source of app ${appId}.`;
  const otherCompany = companyId === undefined ? undefined : companyIds.find((id) => id !== companyId);
  if (otherCompany !== undefined) {
    return `The event is of company ${otherCompany}, the source of company ${companyId}.`;
  }
  const mode = isLive === undefined ? source.mode : isLive ? 'live' : 'test';
  return mode === source.mode ? undefined : `The event is of mode ${mode}, the source of mode ${source.mode}.`;
}
