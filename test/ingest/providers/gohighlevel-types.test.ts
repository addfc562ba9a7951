import { describe, expect, test } from '@jest/globals';
import { gohighlevelSample } from '../../../src/dev/samples/gohighlevel-samples.ts';
import { GOHIGHLEVEL_KEPT_TYPES, GOHIGHLEVEL_MAPPINGS } from '../../../src/ingest/providers/gohighlevel-mappings.ts';
import { GOHIGHLEVEL_TYPES } from '../../../src/ingest/providers/gohighlevel-types.ts';
import { normaliseGohighlevel } from './gohighlevel-normalise.ts';

/** The thing alone, as the documentation shows it. */
function bare(type: string, object: object = {}): object {
  const body = gohighlevelSample(type, { object: { ...object } }) ?? {};
  return 'data' in body && typeof body.data === 'object' && body.data !== null ? body.data : body;
}
const typeOf = (body: object, event?: string) =>
  normaliseGohighlevel(body, event === undefined ? {} : { event }).providerType;

describe('every type of GoHighLevel', () => {
  test('is mapped or kept, and none is both', () => {
    expect(GOHIGHLEVEL_TYPES).toHaveLength(63);
    expect(new Set(GOHIGHLEVEL_TYPES).size).toBe(63);
    expect(
      GOHIGHLEVEL_TYPES.filter((type) => GOHIGHLEVEL_MAPPINGS.has(type) === GOHIGHLEVEL_KEPT_TYPES.has(type)),
    ).toEqual([]);
  });

  test.each([
    ['AppInstall', 'INSTALL'],
    ['AppUninstall', 'UNINSTALL'],
    ['PlanChange', 'PLAN_CHANGE'],
    ['ConversationUnreadWebhook', 'ConversationUnreadUpdate'],
  ])('may be named as its page is: %s is %s', (page, type) => {
    expect(typeOf({ type: page, locationId: 'loc_1' })).toBe(type);
    expect(typeOf({ locationId: 'loc_1' }, page)).toBe(type);
  });
});

describe('an event without a type', () => {
  test.each(['ProductDelete', 'PriceUpdate', 'RecordCreate', 'RelationDelete', 'AssociationCreate', 'VoiceAiCallEnd'])(
    'is what the address says: %s',
    (type) => {
      expect(typeOf(bare(type), type)).toBe(type);
    },
  );

  test.each([
    ['InvoiceCreate', 'InvoiceCreate'],
    ['InvoiceSent', 'InvoiceSent'],
    ['InvoicePartiallyPaid', 'InvoicePartiallyPaid'],
    ['InvoicePaid', 'InvoicePaid'],
    ['InvoiceVoid', 'InvoiceVoid'],
    ['VoiceAiCallEnd', 'VoiceAiCallEnd'],
    ['ProductCreate', 'Product'],
    ['PriceDelete', 'Price'],
    ['RecordUpdate', 'Record'],
    ['RelationCreate', 'Relation'],
    ['AssociationDelete', 'Association'],
    ['ObjectSchemaUpdate', 'ObjectSchema'],
  ])('and without a hint in the address is told by its shape: %s is %s', (type, told) => {
    for (const event of [undefined, 'NoSuchEvent']) {
      const normalised = normaliseGohighlevel(bare(type), event === undefined ? {} : { event });
      expect(normalised).toMatchObject({ status: 'accepted', providerType: told });
    }
  });

  test('of an invoice counts as much as one with a type', () => {
    const [byShape, byAddress] = [undefined, 'InvoicePaid'].map((event) =>
      normaliseGohighlevel(bare('InvoicePaid'), event === undefined ? {} : { event }),
    );
    expect(byShape?.events).toEqual(byAddress?.events);
    expect(byShape?.events).toMatchObject([{ type: 'InvoicePaid', fact: { amount: '119' } }]);
  });

  test('whose shape is not what the address says is unmapped', () => {
    expect(normaliseGohighlevel(bare('ProductCreate'), { event: 'InvoicePaid' })).toMatchObject({
      status: 'unmapped',
      providerType: 'InvoicePaid',
      events: [{ data: { reason: 'odd-shape' } }],
    });
  });

  test('is not misled by the type of a price', () => {
    expect(typeOf({ ...bare('PriceCreate'), type: 'recurring' })).toBe('Price');
    expect(typeOf({ ...bare('PriceCreate'), type: 'recurring' }, 'PriceDelete')).toBe('PriceDelete');
  });
});

describe('an event with the wrong type', () => {
  test('of an appointment or message is corrected by the address', () => {
    expect(typeOf(bare('AppointmentCreate'), 'AppointmentDelete')).toBe('AppointmentDelete');
    expect(typeOf(bare('OutboundMessage'), 'InboundMessage')).toBe('InboundMessage');
  });

  test('of anything else, or to the address of another thing, is what it says', () => {
    expect(typeOf(bare('AppointmentCreate'), 'InvoicePaid')).toBe('AppointmentCreate');
    expect(typeOf(bare('UNINSTALL'), 'INSTALL')).toBe('UNINSTALL');
    expect(typeOf(bare('ContactCreate'), 'ContactDelete')).toBe('ContactCreate');
  });

  test.each(['SMS', 'Email'])('%s is a message that a conversation provider is to send', (type) => {
    const to = type === 'SMS' ? { phone: '+12025550117' } : { emailTo: ['ada@example.com'] };
    expect(typeOf({ type, messageId: 'm_1', locationId: 'loc_1', ...to })).toBe('ProviderOutboundMessage');
    expect(typeOf({ type, messageId: 'm_1' })).toBe(type);
  });

  test('that is new to us is not read as anything else, whatever the address says', () => {
    const body = { ...bare('InvoicePaid'), type: 'InvoiceRefunded' };
    expect(normaliseGohighlevel(body, { event: 'InvoicePaid' })).toMatchObject({
      status: 'unmapped',
      providerType: 'InvoiceRefunded',
    });
  });
});
