import type { Source } from '../../tenants/source.ts';
import type { IncomingRequest, Normalised, Provider, ProviderAnswer } from '../provider.ts';
import { bodyHash } from './received-event.ts';
import { accountIdsOf, strangerTo } from './twilio-account.ts';
import { normaliseEventStream } from './twilio-event-streams.ts';
import type { TwilioFields, TwilioForm } from './twilio-fields.ts';
import { fieldsOf, parseForm, readTime } from './twilio-fields.ts';
import type { TwilioOutcome } from './twilio-outcome.ts';
import { outcomeOf, unmapped } from './twilio-outcome.ts';
import { readTwilioSettings, twilioSettings } from './twilio-settings.ts';
import type { TwilioShape } from './twilio-shapes.ts';
import { shapeOf } from './twilio-shapes.ts';
import { bodyHashes, verifyTwilioSignature } from './twilio-signature.ts';

/** Callbacks and requests of voice and messaging, which are forms, and Event Streams, which are JSON. */
export const twilio: Provider = {
  name: 'twilio',
  settings: twilioSettings,
  verify: verifyTwilioSignature,
  normalise,
};

function normalise(request: IncomingRequest, source: Source): Normalised {
  if (bodyHashes(request).length > 0) return { ...normaliseEventStream(request, source), answer: NOTED };
  return normaliseForm(request, source);
}

/** Twilio shows an answer with any other body as an error of ours. */
const NOTED: ProviderAnswer = { status: 204 };

function normaliseForm(request: IncomingRequest, source: Source): Normalised {
  const form = parseForm(request.body.toString());
  const fields = fieldsOf(form);
  const shape = shapeOf(fields);
  const token = idempotencyToken(request);
  // A token is not signed: where what is signed tells an event from the next, a replay with another token is none.
  const dedupeKey = (shape && naturalKey(shape)) ?? (token === undefined ? undefined : `token/${token}`);
  const stranger = strangerTo(fields, source);
  const outcome = map(request, source, fields, shape);
  const occurredAt = outcome.events[0]?.occurredAt;
  return {
    providerType: shape?.type ?? 'unreadable',
    ...(token === undefined ? {} : { providerEventId: token }),
    ...(dedupeKey === undefined ? {} : { dedupeKey }),
    content: contentOf(form),
    accountIds: accountIdsOf(fields, source),
    ...(occurredAt === undefined ? {} : { startedAt: new Date(occurredAt) }),
    ...(stranger === undefined
      ? {
          status: outcome.fault === undefined ? 'accepted' : 'unmapped',
          events: outcome.events,
          ...(outcome.fault === undefined ? {} : { detail: outcome.fault }),
        }
      : { status: 'quarantined', events: [], detail: stranger }),
    answer: answerTo(shape, source),
  };
}

function map(
  request: IncomingRequest,
  source: Source,
  fields: TwilioFields,
  shape: TwilioShape | undefined,
): TwilioOutcome {
  const at = readTime(fields['Timestamp']) ?? request.receivedAt.toISOString();
  const told = { type: shape?.type ?? 'unreadable', fields, event: { source, at } };
  if (shape !== undefined) return outcomeOf(told, shape.about, shape.map === undefined ? [] : [shape.map]);
  const { CallSid: callId } = fields;
  const about =
    callId === undefined
      ? ({ kind: 'provider-object', id: bodyHash(request) } as const)
      : ({ kind: 'call', id: callId } as const);
  return unmapped(told, about, 'unknown-type', `No known request of Twilio has these parameters: ${namesOf(fields)}.`);
}

/** Names alone, and only such as Twilio gives: values are personal. */
function namesOf(fields: TwilioFields): string {
  const names = Object.keys(fields).filter((name) => /^\w{1,40}$/.test(name));
  return names.slice(0, 30).join(', ');
}

function naturalKey({ type, key }: TwilioShape): string | undefined {
  return key && [type, ...key].map((part) => encodeURIComponent((part ?? '').toWellFormed())).join('/');
}

function idempotencyToken(request: IncomingRequest): string | undefined {
  const [token, ...others] = request.headers['i-twilio-idempotency-token'] ?? [];
  return token === undefined || token === '' || others.length > 0 ? undefined : token;
}

/** What was asked of another address before, and failed there, comes with that address and what was wrong with it. */
const VOLATILE = new Set(['ErrorUrl', 'ErrorCode']);

function contentOf(form: TwilioForm): string {
  const isRetried = form.has('ErrorUrl');
  return JSON.stringify([...form].filter(([name]) => !(isRetried && VOLATILE.has(name))));
}

/** Who asks is answered the same, whatever became of the event: a call that rings cannot wait for us. */
function answerTo(shape: TwilioShape | undefined, source: Source): ProviderAnswer {
  if (shape?.asks === undefined) return NOTED;
  const { voiceTwiml, messageTwiml } = readTwilioSettings(source);
  return { status: 200, contentType: 'text/xml', body: shape.asks === 'voice' ? voiceTwiml : messageTwiml };
}
