import { isRecord } from '../json.ts';
import type { TwilioFields } from './twilio-fields.ts';
import { fieldsOf, parseForm } from './twilio-fields.ts';

/** How Event Streams name what callbacks send as parameters. */
const NAMES: Readonly<Record<string, string>> = {
  accountSid: 'AccountSid',
  account_sid: 'AccountSid',
  parentAccountSid: 'ParentAccountSid',
  messageSid: 'MessageSid',
  callSid: 'CallSid',
  call_sid: 'CallSid',
  messagingServiceSid: 'MessagingServiceSid',
  from: 'From',
  to: 'To',
  body: 'Body',
  numSegments: 'NumSegments',
  numberOfSegments: 'NumSegments',
  numMedia: 'NumMedia',
  timestamp: 'Timestamp',
  price: 'Price',
  priceUnit: 'PriceUnit',
  price_unit: 'PriceUnit',
};

const CALL = /^com\.twilio\.voice\.(?:webhook\.)?status-callback\.call\.(\w+)$/;
const MESSAGE = /^com\.twilio\.messaging\.(?:message|inbound-message)\.(\w+)$/;

/** The data of one event as the parameters of the callback that tells the same. */
export function streamedFields(type: string, data: Readonly<Record<string, unknown>>): TwilioFields {
  const fields = { ...parametersOf(data), ...renamed(data) };
  const message = MESSAGE.exec(type)?.[1];
  // Its own status is that of the message by now, which may have gone on.
  if (message !== undefined) return { ...fields, MessageStatus: message };
  const call = CALL.exec(type)?.[1];
  if (call === undefined) return fields;
  const status = call === 'answered' ? 'in-progress' : call;
  return { ...fields, CallStatus: fields['CallStatus'] ?? status, CallbackSource: 'call-progress-events' };
}

/** A voice event holds the request that Twilio made of somebody, with its parameters. */
function parametersOf({ sid, request }: Readonly<Record<string, unknown>>): Record<string, string> {
  const parameters = isRecord(request) ? request['parameters'] : undefined;
  const named = typeof sid === 'string' && sid.startsWith('CA') ? { CallSid: sid } : {};
  if (typeof parameters === 'string') return { ...named, ...fieldsOf(parseForm(parameters)) };
  return { ...named, ...(isRecord(parameters) ? textsOf(parameters, (name) => name) : {}) };
}

function renamed(data: Readonly<Record<string, unknown>>): Record<string, string> {
  return textsOf(data, (name) => (Object.hasOwn(NAMES, name) ? NAMES[name] : undefined));
}

function textsOf(
  values: Readonly<Record<string, unknown>>,
  rename: (name: string) => string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, string][] => {
      const [first] = Array.isArray(value) ? value : [value];
      const text = typeof first === 'number' || typeof first === 'string' ? String(first) : '';
      const known = rename(name);
      return known === undefined || text === '' ? [] : [[known, text]];
    }),
  );
}
