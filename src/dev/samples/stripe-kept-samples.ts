import { STRIPE_KEPT_TYPES } from '../../ingest/providers/stripe-kept-types.ts';
import { sampleId } from './sample-id.ts';
import type { StripeStory } from './stripe-story.ts';

/** The prefix of its id, none where it has no id; the usual fields that it has; its name where its events hide it. */
type Shape = readonly [idPrefix: string, fields: string, name?: string];

const PLAIN = 'created livemode';
const NOTED = 'created livemode metadata';
const OF_CUSTOMER = 'created customer livemode metadata';
const MONEY = 'amount created currency livemode';
const NOTED_MONEY = 'amount created currency livemode metadata';

/** The object of each event, by how its type begins. */
const SHAPES: Readonly<Record<string, Shape>> = {
  account: ['acct', 'created metadata'],
  'account.application': ['ca', '', 'application'],
  'account.external_account': ['ba', 'currency metadata', 'bank_account'],
  application_fee: ['fee', MONEY],
  'application_fee.refund': ['fr', 'amount created currency metadata', 'fee_refund'],
  'apps.install': ['install', PLAIN],
  balance: ['', 'livemode'],
  balance_settings: ['', ''],
  'billing.alert': ['', 'created customer livemode', 'billing.alert_triggered'],
  'billing.credit_balance_transaction': ['cbtxn', PLAIN],
  'billing.credit_grant': ['credgr', OF_CUSTOMER],
  'billing.meter': ['mtr', PLAIN],
  'billing_portal.configuration': ['bpc', NOTED],
  'billing_portal.session': ['bps', 'created customer livemode'],
  capability: ['', ''],
  cash_balance: ['', 'customer livemode'],
  'checkout.session': ['cs_test', 'created currency customer livemode metadata'],
  'climate.order': ['climorder', 'created currency livemode metadata'],
  'climate.product': ['climsku', PLAIN],
  coupon: ['coupon', NOTED],
  customer: ['cus', NOTED],
  'customer.discount': ['di', 'customer', 'discount'],
  'customer.source': ['card', 'customer metadata', 'card'],
  'customer.tax_id': ['txi', 'created customer livemode', 'tax_id'],
  customer_cash_balance_transaction: ['ccsbtxn', 'created currency customer livemode'],
  'entitlements.active_entitlement_summary': ['', 'customer livemode'],
  file: ['file', 'created'],
  'financial_connections.account': ['fca', PLAIN],
  'financial_connections.authorization': ['fcauth', 'livemode'],
  'identity.verification_session': ['vs', NOTED],
  invoiceitem: ['ii', 'amount currency customer livemode metadata'],
  issuing_authorization: ['iauth', NOTED_MONEY, 'issuing.authorization'],
  issuing_card: ['ic', 'created currency livemode metadata', 'issuing.card'],
  issuing_cardholder: ['ich', NOTED, 'issuing.cardholder'],
  issuing_dispute: ['idp', NOTED_MONEY, 'issuing.dispute'],
  issuing_personalization_design: ['pd', NOTED, 'issuing.personalization_design'],
  issuing_token: ['intok', PLAIN, 'issuing.token'],
  issuing_transaction: ['ipi', NOTED_MONEY, 'issuing.transaction'],
  mandate: ['mandate', 'livemode'],
  payment_link: ['plink', 'currency livemode metadata'],
  payment_method: ['pm', OF_CUSTOMER],
  person: ['person', 'created metadata'],
  plan: ['plan', NOTED_MONEY],
  price: ['price', 'created currency livemode metadata'],
  product: ['prod', NOTED],
  promotion_code: ['promo', OF_CUSTOMER],
  quote: ['qt', 'created currency customer livemode metadata'],
  'radar.early_fraud_warning': ['issfr', PLAIN],
  'reporting.report_run': ['frr', PLAIN],
  'reporting.report_type': ['', 'livemode'],
  'reserve.hold': ['hold', NOTED_MONEY],
  'reserve.plan': ['plan', 'created currency livemode metadata'],
  'reserve.release': ['release', NOTED_MONEY],
  review: ['prv', PLAIN],
  setup_intent: ['seti', OF_CUSTOMER],
  'sigma.scheduled_query_run': ['sqr', PLAIN, 'scheduled_query_run'],
  source: ['src', 'amount created currency customer livemode metadata'],
  'source.mandate_notification': ['srcmn', 'amount created livemode', 'source_mandate_notification'],
  'source.transaction': ['srctxn', MONEY, 'source_transaction'],
  subscription_schedule: ['sub_sched', OF_CUSTOMER],
  'tax.settings': ['', 'livemode'],
  tax_rate: ['txr', NOTED],
  'terminal.reader': ['tmr', 'livemode metadata'],
  'test_helpers.test_clock': ['clock', PLAIN],
  'three_d_secure.authentication': ['authn', NOTED_MONEY],
  topup: ['tu', NOTED_MONEY],
  transfer: ['tr', NOTED_MONEY],
  'treasury.credit_reversal': ['credrev', NOTED_MONEY],
  'treasury.debit_reversal': ['debrev', NOTED_MONEY],
  'treasury.financial_account': ['fa', NOTED],
  'treasury.inbound_transfer': ['ibt', NOTED_MONEY],
  'treasury.outbound_payment': ['obp', 'amount created currency customer livemode metadata'],
  'treasury.outbound_transfer': ['obt', NOTED_MONEY],
  'treasury.received_credit': ['rc', MONEY],
  'treasury.received_debit': ['rd', MONEY],
};

/** Objects whose id is a word of Stripe's. */
const WORDS: Readonly<Record<string, string>> = {
  capability: 'card_payments',
  'reporting.report_type': 'balance.summary.1',
};

/** The objects of what is kept and looks like nothing that is counted: what Stripe documents of any such object. */
export const STRIPE_KEPT_OBJECTS: Readonly<Record<string, (story: StripeStory) => object>> = Object.fromEntries(
  [...STRIPE_KEPT_TYPES].flatMap((type) => {
    const beginning = [type, type.slice(0, type.lastIndexOf('.'))].find((each) => Object.hasOwn(SHAPES, each));
    const shape = beginning === undefined ? undefined : SHAPES[beginning];
    return beginning === undefined || shape === undefined
      ? []
      : [[type, (story: StripeStory) => objectOf(beginning, shape, story)] as const];
  }),
);

function objectOf(beginning: string, [idPrefix, fields, name = beginning]: Shape, story: StripeStory): object {
  const id = WORDS[beginning] ?? (idPrefix === '' ? undefined : idOf(idPrefix, story));
  const usual: Readonly<Record<string, unknown>> = {
    amount: story.totalMinor,
    created: story.created,
    currency: story.currency,
    customer: story.customerId,
    livemode: story.livemode,
    metadata: {},
  };
  const has = new Set(fields.split(' '));
  return { id, object: name, ...Object.fromEntries(Object.entries(usual).filter(([field]) => has.has(field))) };
}

function idOf(prefix: string, { key, customerId }: StripeStory): string {
  return prefix === 'cus' ? customerId : sampleId(prefix, key);
}
