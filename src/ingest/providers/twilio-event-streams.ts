import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Source } from '../../tenants/source.ts';
import { isRecord, parseJson, UnreadableBodyError } from '../json.ts';
import type { EventAccounts, IncomingRequest, Normalised } from '../provider.ts';
import { unreadable } from './received-event.ts';
import { accountIdsOf, strangerTo } from './twilio-account.ts';
import { costReported } from './twilio-costs.ts';
import type { TwilioFields } from './twilio-fields.ts';
import { readTime } from './twilio-fields.ts';
import { outcomeOf, unmapped } from './twilio-outcome.ts';
import type { Told, TwilioOutcome } from './twilio-outcome.ts';
import { shapeOf } from './twilio-shapes.ts';
import { streamedFields } from './twilio-streamed-fields.ts';

const text = z.string().min(1).optional().catch(undefined);

/** As much of a CloudEvent as can be read. */
const cloudEvent = z.object({ id: text, type: text, time: text, data: z.record(z.string(), z.unknown()).catch({}) });

type Member = Readonly<{
  id: string;
  type: string;
  outcome: TwilioOutcome;
  accounts: EventAccounts;
  stranger?: string;
}>;

/** The types that fold into the same events as callbacks do; the rest of `com.twilio.` is kept. */
const MAPPED =
  /^com\.twilio\.(messaging\.(message|inbound-message)\.\w+|voice\.(webhook\.)?status-callback\.(call\.\w+|recording\.processed)|voice\.twiml\.dial\.finished)$/;

/** One webhook of Event Streams holds many events. A bad one is kept for itself and does not touch its neighbours. */
export function normaliseEventStream(request: IncomingRequest, source: Source): Normalised {
  const body = read(request);
  if (typeof body === 'string') return unreadable(request, source, 'unreadable', body);
  if (body.length === 0) return unreadable(request, source, 'odd-shape', 'The body holds no event.');

  const members = body.map((each) => readMember(each, request, source));
  const types = [...new Set(members.map(({ type }) => type))];
  const ids = [...new Set(members.map(({ id }) => id))].toSorted();
  const [type = ''] = types;
  const [id = ''] = ids;
  const common = {
    providerType: types.length === 1 ? type : 'event-streams',
    // A batch has no id of its own. Sent again in another batch, an event is recorded again; its facts count once.
    dedupeKey: `event-streams/${ids.length === 1 ? id : hashOf(ids)}`,
    ...(ids.length === 1 ? { providerEventId: id } : {}),
    content: request.body,
    accountIds: [...new Set(members.flatMap(({ accounts }) => accounts.accountIds))],
  };
  const [stranger] = members.flatMap((member) => member.stranger ?? []);
  if (stranger !== undefined && members.every((member) => member.stranger !== undefined)) {
    return { ...common, status: 'quarantined', events: [], detail: stranger };
  }
  const faults = members.flatMap(({ outcome }, index) =>
    outcome.fault === undefined ? [] : [`Event ${index + 1} of ${members.length}: ${outcome.fault}`],
  );
  return {
    ...common,
    status: faults.length === 0 ? 'accepted' : 'unmapped',
    ...(faults.length === 0 ? {} : { detail: faults.slice(0, 10).join('\n') }),
    events: members.flatMap(({ outcome }) => outcome.events),
    eventAccounts: members.flatMap(({ outcome, accounts }) => outcome.events.map(() => accounts)),
  };
}

/** The events of the body, or why it can not be read. An event that is sent alone may be no list. */
function read(request: IncomingRequest): readonly unknown[] | string {
  try {
    const body = parseJson(request.body);
    return Array.isArray(body) ? body : [body];
  } catch (error) {
    if (!(error instanceof UnreadableBodyError)) throw error;
    return error.message;
  }
}

function readMember(member: unknown, request: IncomingRequest, source: Source): Member {
  const envelope = cloudEvent.parse(isRecord(member) ? member : {});
  const { type = 'unreadable', data } = envelope;
  const id = envelope.id ?? hashOf(member);
  const fields = streamedFields(type, data);
  const time = readTime(fields['Timestamp']) ?? readTime(envelope.time);
  const at = time ?? request.receivedAt.toISOString();
  const told = { type, fields, event: { source, at } };
  const stranger = strangerTo(fields, source);
  const itself = { kind: 'provider-object', id } as const;
  const outcome = stranger === undefined ? map(told, itself, envelope) : unmapped(told, itself, 'odd-shape', stranger);
  const startedAt = new Date(outcome.events[0]?.occurredAt ?? at);
  // Nobody of ours is answerable for what another account tells.
  const accountIds = stranger === undefined ? accountIdsOf(fields, source) : [];
  return { id, type, outcome, accounts: { accountIds, startedAt }, ...(stranger === undefined ? {} : { stranger }) };
}

function map(
  told: Told,
  itself: Readonly<{ kind: 'provider-object'; id: string }>,
  envelope: z.infer<typeof cloudEvent>,
): TwilioOutcome {
  const { type, fields } = told;
  if (envelope.type === undefined || envelope.id === undefined) {
    return unmapped(told, itself, 'odd-shape', 'It is no CloudEvent: its id or type is missing.');
  }
  if (!type.startsWith('com.twilio.')) return unmapped(told, itself, 'unknown-type', 'It is not of Twilio.');
  // Only what an event stream tells may have a price.
  const costs = fields['Price'] === undefined ? [] : [costReported];
  if (!MAPPED.test(type)) return outcomeOf(told, aboutOf(fields) ?? itself, costs);
  const shape = shapeOf(fields);
  return shape === undefined
    ? unmapped(told, itself, 'odd-shape', 'It lacks the id or the status of what it is about.')
    : outcomeOf(told, shape.about, shape.map === undefined ? costs : [shape.map, ...costs]);
}

/** What is kept lives with the call or message that it is about, and so has its tenant. */
function aboutOf({ CallSid: call, MessageSid: message }: TwilioFields) {
  if (call !== undefined) return { kind: 'call', id: call } as const;
  return message === undefined ? undefined : ({ kind: 'message', id: message } as const);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
