import type { DomainEvent } from '../../domain/events.ts';
import type { Stream } from '../../domain/stream.ts';
import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Normalised, Provider } from '../provider.ts';
import { readBody } from './read-body.ts';
import { bodyHash, providerObjectStream, receivedEvent } from './received-event.ts';
import type { RetellEnvelope } from './retell-envelope.ts';
import { readEnvelope } from './retell-envelope.ts';
import type { RetellEvent } from './retell-event.ts';
import { isoTime } from './retell-event.ts';
import { RETELL_KEPT_TYPES, RETELL_MAPPINGS } from './retell-mappings.ts';
import { inboundAnswer } from './retell-inbound.ts';
import { retellNaturalKey } from './retell-natural-key.ts';
import { retellSettings } from './retell-settings.ts';
import { verifyRetellSignature } from './retell-signature.ts';

export const retell: Provider = {
  name: 'retell',
  settings: retellSettings,
  verify: verifyRetellSignature,
  normalise,
};

type Outcome = Readonly<{ status: Normalised['status']; events: readonly DomainEvent[]; detail?: string }>;

function normalise(request: IncomingRequest, source: Source, { signedAt }: { signedAt?: Date }): Normalised {
  const read = readBody(request, source);
  if (read.body === undefined) return read.unmapped;

  const envelope = readEnvelope(read.body);
  const { startMs, endMs, eventMs } = envelope;
  const sentMs = (signedAt ?? request.receivedAt).getTime();
  const startedAt = new Date(startMs ?? endMs ?? eventMs ?? sentMs);
  const dedupeKey = retellNaturalKey(envelope);
  const event = {
    stream: streamOf(envelope, request, source),
    occurredAt: startedAt.toISOString(),
    providerTime: isoTime(eventMs ?? endMs ?? sentMs),
  };
  const stranger = strangerTo(envelope, request, source);
  const isQuestion = envelope.type !== undefined && RETELL_KEPT_TYPES.has(envelope.type);
  return {
    providerType: envelope.type ?? 'unreadable',
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    // A number that rings twice asks twice in the same words: without an id, only when it asked tells them apart.
    content:
      isQuestion && dedupeKey === undefined
        ? Buffer.concat([request.body, Buffer.from(isoTime(eventMs ?? sentMs))])
        : request.body,
    accountIds: envelope.agentId === undefined ? [] : [envelope.agentId],
    startedAt,
    ...(stranger === undefined
      ? map(read.body, envelope, event)
      : { status: 'quarantined', events: [], detail: stranger }),
    ...(isQuestion && stranger === undefined ? { answer: inboundAnswer(envelope.inbound, source) } : {}),
  };
}

function map(body: Record<string, unknown>, { type, thing }: RetellEnvelope, event: RetellEvent): Outcome {
  const received = (reason: 'kept' | 'unknown-type' | 'odd-shape') => [
    receivedEvent(event.stream, event.occurredAt, { providerType: type ?? 'unreadable', objectId: thing?.id, reason }),
  ];
  if (type === undefined) {
    return { status: 'unmapped', events: received('odd-shape'), detail: 'The body names no event.' };
  }
  if (RETELL_KEPT_TYPES.has(type)) return { status: 'accepted', events: received('kept') };
  const mapped = RETELL_MAPPINGS.get(type)?.(body, event);
  if (mapped === undefined) {
    return { status: 'unmapped', events: received('unknown-type'), detail: 'The type is neither mapped nor kept.' };
  }
  if ('oddShape' in mapped) return { status: 'unmapped', events: received('odd-shape'), detail: mapped.oddShape };
  return { status: 'accepted', events: mapped.events };
}

/** A question is in no call's stream: the agent that answers in the end may be another tenant's. */
function streamOf({ thing, inbound }: RetellEnvelope, request: IncomingRequest, source: Source): Stream {
  if (thing === undefined) return providerObjectStream(source, inbound.id ?? bodyHash(request));
  return { kind: thing.kind, provider: 'retell', account: source.account, mode: source.mode, externalId: thing.id };
}

/** Why a verified event is not for this source. An account that is no organisation's id cannot be compared with one. */
function strangerTo(envelope: RetellEnvelope, request: IncomingRequest, source: Source): string | undefined {
  if (!source.account.startsWith('org_')) return undefined;
  const named = [...(request.headers['x-retellai-orgid'] ?? []), envelope.organisation];
  const other = named.find((organisation) => organisation !== undefined && organisation !== source.account);
  return other === undefined
    ? undefined
    : `The event is of organisation ${other}, the source of organisation ${source.account}.`;
}
