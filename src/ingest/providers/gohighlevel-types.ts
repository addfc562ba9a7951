/**
 * Every event of GoHighLevel by what it is about: the 58 that its documentation has a page for, and five more that its
 * apps receive. Names are those of the `type` field where events carry one.
 */
const TYPES_BY_THING = {
  app: 'INSTALL UNINSTALL PLAN_CHANGE EXTERNAL_AUTH_CONNECTED SaaSPlanCreated',
  appointment: 'AppointmentCreate AppointmentUpdate AppointmentDelete',
  association: 'AssociationCreate AssociationUpdate AssociationDelete',
  campaign: 'CampaignStatusUpdate',
  contact: 'ContactCreate ContactUpdate ContactDelete ContactDndUpdate ContactTagUpdate',
  conversation: 'ConversationUnreadUpdate',
  emailStatistics: 'LCEmailStats',
  invoice: 'InvoiceCreate InvoiceUpdate InvoiceSent InvoicePartiallyPaid InvoicePaid InvoiceVoid InvoiceDelete',
  location: 'LocationCreate LocationUpdate',
  message: 'InboundMessage OutboundMessage',
  note: 'NoteCreate NoteUpdate NoteDelete',
  objectSchema: 'ObjectSchemaCreate ObjectSchemaUpdate',
  opportunity:
    'OpportunityCreate OpportunityUpdate OpportunityDelete OpportunityAssignedToUpdate ' +
    'OpportunityMonetaryValueUpdate OpportunityStageUpdate OpportunityStatusUpdate',
  order: 'OrderCreate OrderStatusUpdate',
  price: 'PriceCreate PriceUpdate PriceDelete',
  product: 'ProductCreate ProductUpdate ProductDelete',
  providerMessage: 'ProviderOutboundMessage',
  record: 'RecordCreate RecordUpdate RecordDelete',
  relation: 'RelationCreate RelationDelete',
  task: 'TaskCreate TaskComplete TaskDelete',
  user: 'UserCreate UserUpdate UserDelete',
  voiceAiCall: 'VoiceAiCallEnd',
} as const;

export const GOHIGHLEVEL_TYPES: readonly string[] = Object.values(TYPES_BY_THING).flatMap((types) => types.split(' '));

/** Pages of the documentation that are called otherwise than the events that they are about. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['AppInstall', 'INSTALL'],
  ['AppUninstall', 'UNINSTALL'],
  ['PlanChange', 'PLAN_CHANGE'],
  ['ConversationUnreadWebhook', 'ConversationUnreadUpdate'],
]);

const THINGS: ReadonlyMap<string, string> = new Map(
  Object.entries(TYPES_BY_THING).flatMap(([thing, types]) => types.split(' ').map((type) => [type, thing] as const)),
);

/**
 * Things whose events are told apart by nothing but their type. One that came without a type, to an address that does
 * not name it, stands under the thing's own name.
 */
export const UNTOLD_TYPES: ReadonlySet<string> = new Set([
  'Association',
  'ObjectSchema',
  'Price',
  'Product',
  'Record',
  'Relation',
  'User',
]);

/** The events whose documentation shows them with another one's type. */
const MISPRINTED: ReadonlySet<string | undefined> = new Set(['appointment', 'message']);

/** The event's name as its `type` field has it; undefined for none of GoHighLevel's. */
export function knownType(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const type = ALIASES.get(name) ?? name;
  return THINGS.has(type) ? type : undefined;
}

/** Whether the address may know better which event of the same thing it is than the body does. */
export function isCorrection(printed: string, fromAddress: string): boolean {
  const thing = THINGS.get(printed);
  return MISPRINTED.has(thing) && THINGS.get(fromAddress) === thing;
}
