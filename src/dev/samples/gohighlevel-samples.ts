import { sampleId } from './sample-id.ts';

/**
 * Bodies of our own in the shapes that GoHighLevel documents. Samples with the same `key` are about the same location,
 * contact, message and invoice. Events whose documentation shows them without a type come wrapped, with one.
 */
export type GohighlevelSample = Readonly<{
  /** Names the location and its things; all ids that are not given follow from it. */
  key?: string;
  /** When it happened. */
  at?: Date;
  /** Null for a delivery without an id of its own. */
  webhookId?: string | null;
  locationId?: string;
  companyId?: string;
  appId?: string;
  livemode?: boolean;
  durationSeconds?: number;
  /** Of invoices, orders and prices. */
  currency?: string;
  /** In major units, tax included. */
  total?: number;
  tax?: number;
  /** Fields of the thing that are to be otherwise. */
  object?: Readonly<Record<string, unknown>>;
}>;

type Story = ReturnType<typeof tell>;

/** Everything that is left out follows from the key. */
function tell(sample: GohighlevelSample) {
  const { key = 'sample', at = new Date('2026-11-24T09:30:00Z') } = sample;
  const idOf = (thing: string) => sampleId('', key, thing).slice(1, 21);
  return {
    idOf,
    time: at.toISOString(),
    locationId: sample.locationId ?? idOf('location'),
    companyId: sample.companyId ?? idOf('company'),
    appId: sample.appId ?? idOf('app'),
    isLive: sample.livemode ?? false,
    durationSeconds: sample.durationSeconds ?? 90,
    currency: sample.currency ?? 'USD',
    total: sample.total ?? 119,
    tax: sample.tax ?? 0,
  };
}

type Bodies = Readonly<Record<string, (story: Story) => object>>;

const CALL = { messageType: 'CALL', status: 'completed', callStatus: 'completed', attachments: [] };
const EMAIL = { messageType: 'Email', subject: 'Your appointment', from: 'Front desk <desk@example.com>' };

/** With their type in them. `/call` and `/email` are the same event of another channel. */
const FLAT: Bodies = {
  INSTALL: ({ appId, companyId, locationId, idOf }) => ({ appId, companyId, locationId, planId: idOf('plan') }),
  UNINSTALL: ({ appId, companyId, locationId }) => ({ appId, companyId, locationId }),
  PLAN_CHANGE: ({ appId, companyId, locationId, idOf }) => ({
    appId,
    companyId,
    locationId,
    currentPlanId: idOf('plan'),
    newPlanId: idOf('next plan'),
  }),
  EXTERNAL_AUTH_CONNECTED: ({ appId, companyId, locationId }) => ({ appId, companyId, locationId }),
  SaaSPlanCreated: ({ companyId, idOf, time }) => ({ companyId, id: idOf('plan'), title: 'Starter', createdAt: time }),
  AppointmentCreate: appointment,
  AppointmentUpdate: appointment,
  AppointmentDelete: appointment,
  CampaignStatusUpdate: (story) => ({ ...ofContact(story, 'campaign'), status: 'completed', replied: false }),
  ContactCreate: contact,
  ContactUpdate: contact,
  ContactDelete: contact,
  ContactDndUpdate: (story) => ({ ...contact(story), dnd: true }),
  ContactTagUpdate: (story) => ({ ...contact(story), tags: ['customer'] }),
  ConversationUnreadUpdate: (story) => ({ ...ofContact(story, 'conversation'), unreadCount: 2 }),
  InboundMessage: (story) =>
    entry(story, 'inbound', { messageType: 'SMS', status: 'delivered', body: 'Is 3 pm free?' }),
  'InboundMessage/call': (story) => entry(story, 'inbound', { ...CALL, callDuration: story.durationSeconds }),
  'InboundMessage/email': (story) => entry(story, 'inbound', { ...EMAIL, to: ['desk@example.com'], body: '<p>Hi</p>' }),
  OutboundMessage: (story) => entry(story, 'outbound', { messageType: 'SMS', status: 'sent', body: '3 pm is free.' }),
  'OutboundMessage/call': (story) => entry(story, 'outbound', { ...CALL, callDuration: story.durationSeconds }),
  'OutboundMessage/email': (story) => entry(story, 'outbound', { ...EMAIL, to: ['a@example.com'], body: '<p>Hi</p>' }),
  LCEmailStats: ({ locationId, companyId, idOf, time }) => ({
    locationId,
    companyId,
    webhookPayload: { event: 'delivered', id: idOf('email'), timestamp: Date.parse(time) / 1000 },
  }),
  LocationCreate: location,
  LocationUpdate: location,
  NoteCreate: (story) => ({ ...ofContact(story, 'note'), body: 'Prefers Thursdays.' }),
  NoteUpdate: (story) => ({ ...ofContact(story, 'note'), body: 'Prefers Fridays.' }),
  NoteDelete: (story) => ({ ...ofContact(story, 'note'), body: 'Prefers Fridays.' }),
  OpportunityCreate: opportunity,
  OpportunityUpdate: opportunity,
  OpportunityDelete: opportunity,
  OpportunityAssignedToUpdate: opportunity,
  OpportunityMonetaryValueUpdate: opportunity,
  OpportunityStageUpdate: opportunity,
  OpportunityStatusUpdate: (story) => ({ ...opportunity(story), status: 'won' }),
  OrderCreate: (story) => order(story, 'pending'),
  OrderStatusUpdate: (story) => order(story, 'completed'),
  TaskCreate: (story) => ({ ...ofContact(story, 'task'), title: 'Call back', dueDate: story.time }),
  TaskComplete: (story) => ({ ...ofContact(story, 'task'), title: 'Call back', dueDate: story.time }),
  TaskDelete: (story) => ({ ...ofContact(story, 'task'), title: 'Call back', dueDate: story.time }),
  UserCreate: user,
  UserUpdate: user,
  UserDelete: user,
};

/** Without a type of their own. */
const WRAPPED: Bodies = {
  AssociationCreate: association,
  AssociationUpdate: association,
  AssociationDelete: association,
  InvoiceCreate: (story) => invoice(story, 'draft', 0),
  InvoiceUpdate: (story) => invoice(story, 'draft', 0),
  InvoiceSent: (story) => invoice(story, 'sent', 0),
  InvoicePartiallyPaid: (story) => invoice(story, 'partially_paid', 20),
  InvoicePaid: (story) => invoice(story, 'paid', story.total),
  InvoiceVoid: (story) => invoice(story, 'void', 0),
  InvoiceDelete: (story) => invoice(story, 'draft', 0),
  ObjectSchemaCreate: objectSchema,
  ObjectSchemaUpdate: objectSchema,
  PriceCreate: price,
  PriceUpdate: price,
  PriceDelete: price,
  ProductCreate: product,
  ProductUpdate: product,
  ProductDelete: product,
  RecordCreate: record,
  RecordUpdate: record,
  RecordDelete: record,
  RelationCreate: relation,
  RelationDelete: relation,
  VoiceAiCallEnd: voiceAiCall,
};

/** As their documentation shows them, flat and without a type, to an address that names none: the thing is all they tell. */
const UNTOLD: Bodies = {
  Association: association,
  ObjectSchema: objectSchema,
  Price: price,
  Product: product,
  Record: record,
  Relation: relation,
  User: user,
};

/** Its type is the kind of message that the provider is to send. */
const PROVIDER_MESSAGE = 'ProviderOutboundMessage';

export const gohighlevelSampleTypes: readonly string[] = [
  ...Object.keys(FLAT),
  ...Object.keys(WRAPPED),
  ...Object.keys(UNTOLD),
  PROVIDER_MESSAGE,
];

/** One event of the type; undefined when there is no sample of it. */
export function gohighlevelSample(type: string, sample: GohighlevelSample = {}): object | undefined {
  const story = tell(sample);
  const id = sample.webhookId === undefined ? story.idOf(`${type} webhook`) : sample.webhookId;
  const delivery = { timestamp: story.time, ...(id === null ? {} : { webhookId: id }) };
  if (Object.hasOwn(UNTOLD, type)) return { ...UNTOLD[type]?.(story), ...sample.object };
  if (type === PROVIDER_MESSAGE) return { ...providerMessage(story), ...sample.object, ...delivery };
  const [name] = type.split('/');
  if (Object.hasOwn(FLAT, type)) return { type: name, ...FLAT[type]?.(story), ...sample.object, ...delivery };
  if (!Object.hasOwn(WRAPPED, type)) return undefined;
  return { type, ...delivery, data: { ...WRAPPED[type]?.(story), ...sample.object } };
}

function ofContact({ locationId, idOf, time }: Story, thing: string) {
  return { locationId, id: idOf(thing), contactId: idOf('contact'), dateAdded: time };
}

function contact({ locationId, idOf, time }: Story) {
  const name = { firstName: 'Ada', lastName: 'Sample', email: 'ada@example.com', phone: '+12025550117' };
  return { locationId, id: idOf('contact'), dateAdded: time, ...name, dnd: false, tags: [] };
}

function appointment({ locationId, idOf, time }: Story) {
  const what = { title: 'Check-up', calendarId: idOf('calendar'), appointmentStatus: 'confirmed' };
  const when = { startTime: time, endTime: time, dateAdded: time, dateUpdated: time };
  return { locationId, appointment: { id: idOf('appointment'), contactId: idOf('contact'), ...what, ...when } };
}

function entry({ locationId, idOf, time }: Story, direction: 'inbound' | 'outbound', fields: object) {
  const [from, to] = direction === 'inbound' ? ['+12025550117', '+12025550198'] : ['+12025550198', '+12025550117'];
  const ids = { messageId: idOf('message'), conversationId: idOf('conversation'), contactId: idOf('contact') };
  return { locationId, ...ids, direction, dateAdded: time, from, to, ...fields };
}

function providerMessage({ locationId, idOf }: Story) {
  const ids = { messageId: idOf('message'), contactId: idOf('contact'), userId: idOf('user') };
  return { type: 'SMS', locationId, ...ids, phone: '+12025550117', message: '3 pm is free.', attachments: [] };
}

function location({ locationId, companyId }: Story) {
  return { id: locationId, companyId, name: 'Sample Dental', email: 'desk@example.com' };
}

function opportunity(story: Story) {
  return { ...ofContact(story, 'opportunity'), name: 'New patient', monetaryValue: 400, status: 'open' };
}

function user({ locationId, companyId, idOf }: Story) {
  const name = { firstName: 'Max', lastName: 'Sample', email: 'max@example.com' };
  return { locationId, companyId, id: idOf('user'), ...name, role: 'user', permissions: { contactsEnabled: true } };
}

function order(story: Story, status: string) {
  const { locationId, idOf, time, currency, total, tax, isLive } = story;
  const ids = { locationId, altId: locationId, altType: 'location', _id: idOf('order'), contactId: idOf('contact') };
  const amountSummary = { subtotal: total - tax, discount: 0, tax, shipping: 0 };
  const money = { currency, amount: total, amountSummary };
  return { ...ids, status, fulfillmentStatus: 'unfulfilled', ...money, liveMode: isLive, createdAt: time };
}

function invoice({ locationId, idOf, time, currency, total, tax, isLive }: Story, status: string, amountPaid: number) {
  const net = total - tax;
  return {
    _id: idOf('invoice'),
    status,
    liveMode: isLive,
    altId: locationId,
    altType: 'location',
    name: 'Check-up',
    invoiceNumber: idOf('invoice').slice(0, 6).toUpperCase(),
    currency,
    contactDetails: { id: idOf('contact'), name: 'Ada Sample', email: 'ada@example.com' },
    issueDate: time.slice(0, 10),
    dueDate: time.slice(0, 10),
    invoiceItems: [{ name: 'Check-up', qty: 1, amount: net, currency, taxes: [] }],
    total,
    amountPaid,
    amountDue: total - amountPaid,
    totalSummary: { subTotal: net, discount: 0 },
    createdAt: time,
    updatedAt: time,
  };
}

function price({ locationId, idOf, time, currency, total }: Story) {
  const ids = { _id: idOf('price'), product: idOf('product'), locationId };
  return { ...ids, name: 'Check-up', type: 'one_time', currency, amount: total, createdAt: time, updatedAt: time };
}

function product({ locationId, idOf, time }: Story) {
  const what = { name: 'Check-up', productType: 'SERVICE', availableInStore: true };
  return { _id: idOf('product'), locationId, ...what, createdAt: time, updatedAt: time };
}

function association({ locationId, idOf }: Story) {
  const keys = { key: 'patient_dentist', firstObjectKey: 'contact', secondObjectKey: 'custom_objects.dentist' };
  return { id: idOf('association'), associationType: 'USER_DEFINED', ...keys, locationId };
}

function relation({ locationId, idOf }: Story) {
  const records = { firstRecordId: idOf('contact'), secondRecordId: idOf('record') };
  return { id: idOf('relation'), ...records, associationId: idOf('association'), locationId };
}

function objectSchema({ locationId, idOf, time }: Story) {
  const labels = { labels: { singular: 'dentist', plural: 'dentists' }, key: 'custom_objects.dentist' };
  return { id: idOf('schema'), ...labels, searchableProperties: [], locationId, createdAt: time, updatedAt: time };
}

function record({ locationId, idOf }: Story) {
  return { id: idOf('record'), locationId, owners: [idOf('user')], followers: [], properties: [] };
}

function voiceAiCall({ locationId, idOf, time, durationSeconds }: Story) {
  const ids = {
    id: idOf('voice call'),
    messageId: idOf('message'),
    agentId: idOf('agent'),
    contactId: idOf('contact'),
  };
  const texts = { summary: 'Moved an appointment.', transcript: 'bot: How can I help?', fromNumber: '+12025550117' };
  return { ...ids, locationId, createdAt: time, duration: durationSeconds, trialCall: false, ...texts };
}
