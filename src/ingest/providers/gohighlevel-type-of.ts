import type { IncomingRequest } from '../provider.ts';
import { isCorrection, knownType } from './gohighlevel-types.ts';

type Thing = Readonly<Record<string, unknown>>;

/**
 * Which event a body is of, by the first rule that answers:
 * 1. the `type` in it, if that is an event's name; where the documentation prints another one's type (appointments,
 *    messages), an event of the same thing in the address wins;
 * 2. `SMS` or `Email` with what a conversation provider is asked to send: ProviderOutboundMessage;
 * 3. a `type` with a capital is an event that is new to us: its name is returned as it is;
 * 4. `event` in the query of the address. Anyone who knows the address could change it: it chooses how the body is
 *    read, and nothing else;
 * 5. the fields of the body.
 */
export function typeOf(printed: string | undefined, thing: Thing, request: IncomingRequest): string | undefined {
  const fromAddress = knownType(eventInAddress(request.url));
  const known = knownType(printed);
  if (known !== undefined) {
    return fromAddress !== undefined && isCorrection(known, fromAddress) ? fromAddress : known;
  }
  if (isProviderMessage(printed, thing)) return 'ProviderOutboundMessage';
  // A price is `one_time` or `recurring`: a type in lower case is the thing's own.
  if (printed !== undefined && /^[A-Z]/.test(printed)) return printed;
  return fromAddress ?? typeByShape(thing);
}

function eventInAddress(url: string): string | undefined {
  const query = url.indexOf('?');
  return query === -1 ? undefined : (new URLSearchParams(url.slice(query)).get('event') ?? undefined);
}

function isProviderMessage(printed: string | undefined, thing: Thing): boolean {
  return (printed === 'SMS' && 'phone' in thing) || (printed === 'Email' && 'emailTo' in thing);
}

function typeByShape(thing: Thing): string | undefined {
  const hasAny = (...fields: readonly string[]) => fields.some((field) => Object.hasOwn(thing, field));
  if (hasAny('invoiceItems', 'invoiceNumber')) return invoiceType(thing);
  if (hasAny('trialCall', 'executedCallActions')) return 'VoiceAiCallEnd';
  if (hasAny('fulfillmentStatus', 'amountSummary')) return isNew(thing) ? 'OrderCreate' : 'OrderStatusUpdate';
  if (hasAny('firstRecordId', 'secondRecordId')) return 'Relation';
  if (hasAny('associationType', 'firstObjectToSecondObjectCardinality')) return 'Association';
  if (hasAny('primaryDisplayProperty', 'searchableProperties')) return 'ObjectSchema';
  if (hasAny('properties') && hasAny('owners', 'followers')) return 'Record';
  if (hasAny('product') && hasAny('amount', 'priceType')) return 'Price';
  if (hasAny('productType', 'availableInStore')) return 'Product';
  if (hasAny('permissions') && hasAny('role')) return 'User';
  return undefined;
}

function invoiceType(invoice: Thing): string {
  switch (invoice['status']) {
    case 'draft':
      return isNew(invoice) ? 'InvoiceCreate' : 'InvoiceUpdate';
    case 'sent':
      return 'InvoiceSent';
    case 'partially_paid':
      return 'InvoicePartiallyPaid';
    case 'paid':
      return 'InvoicePaid';
    case 'void':
      return 'InvoiceVoid';
    default:
      return 'InvoiceUpdate';
  }
}

function isNew({ createdAt, updatedAt }: Thing): boolean {
  return createdAt !== undefined && createdAt === updatedAt;
}
