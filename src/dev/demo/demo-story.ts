import type { PricePlanComponent } from '../../domain/pricing.ts';

/** A reseller with one account at each provider, and three tenants behind them. */
export const DEMO_ACCOUNTS = {
  retell: 'org_demo',
  stripe: 'acct_demo',
  twilio: 'AC0123456789abcdef0123456789abcdef',
  gohighlevel: 'company_demo',
} as const;
export type DemoProvider = keyof typeof DEMO_ACCOUNTS;

export type DemoTenant = Readonly<{
  name: string;
  key: string;
  agentId: string;
  customerId: string;
  /** What Twilio sends its texts from. */
  number: string;
  /** Its sub-account at GoHighLevel. */
  locationId: string;
  /** Segments of each of its texts. */
  segments: number;
  plan: Readonly<{ planId: string; currency: string; components: readonly PricePlanComponent[] }>;
  /** Seconds of the first call of the first day; see `callSeconds`. */
  baseSeconds: number;
}>;

export const DEMO_TENANTS: readonly DemoTenant[] = [
  {
    name: 'Alder Dental',
    key: 'alder',
    agentId: 'agent_alder',
    customerId: 'cus_alder',
    number: '+12025550101',
    locationId: 'location_alder',
    segments: 1,
    // A monthly fee, and the provider's cost passed on with a third and a bit on top.
    plan: {
      planId: 'front-desk',
      currency: 'USD',
      components: [
        { kind: 'flat', amount: '49' },
        { kind: 'markup', percent: '35' },
      ],
    },
    baseSeconds: 60,
  },
  {
    name: 'Birch Motors',
    key: 'birch',
    agentId: 'agent_birch',
    customerId: 'cus_birch',
    number: '+12025550102',
    locationId: 'location_birch',
    segments: 2,
    // Its cost is in US dollars, its revenue in euro: the two are never added.
    plan: {
      planId: 'by-the-second-eur',
      currency: 'EUR',
      components: [{ kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.0045' }],
    },
    baseSeconds: 90,
  },
  {
    name: 'Cedar Legal',
    key: 'cedar',
    agentId: 'agent_cedar',
    customerId: 'cus_cedar',
    number: '+12025550103',
    locationId: 'location_cedar',
    segments: 3,
    // Less than what Retell charges for a second: this tenant is served at a loss.
    plan: {
      planId: 'launch-offer',
      currency: 'USD',
      components: [{ kind: 'per_unit', meter: 'call_seconds', unitPrice: '0.001' }],
    },
    baseSeconds: 120,
  },
];

export const DEMO_DAYS = ['2026-11-02', '2026-11-03', '2026-11-04'] as const;
/** Half open, UTC: what the demo's figures are asked for. */
export const DEMO_RANGE = { from: '2026-11-01', to: '2026-12-01' } as const;
/** The month before, which the demo closes; in live mode, by a Retell account of its own. */
export const BOOKS_MONTH = '2026-10';
export const BOOKS_ACCOUNT = 'org_demo_books';
export const CALLS_A_DAY = 12;
/** To each tenant's customers, on the second day: by Twilio, and by GoHighLevel. */
export const TEXTS = 4;
export const GOHIGHLEVEL_MESSAGES = 3;
/** Twilio tells no price when a text is sent: until its bill does, what it costs is estimated by this rate. */
export const TEXT_RATE = { meter: 'message_segments', unitCost: '0.0079', currency: 'USD' } as const;

/** 60, 66, 72, … on the first day; twelve seconds more on each following one. */
export function callSeconds(tenant: DemoTenant, day: number, call: number): number {
  return tenant.baseSeconds + 12 * day + 6 * call;
}

/** In thousandths of a cent for each second of a call. */
const RATES = { elevenlabs_tts: 120, gpt_4_1: 75, us_telephony: 25 } as const;

/** What Retell charges for a call, in cents. */
export function callCosts(seconds: number): readonly { product: string; cents: number }[] {
  return Object.entries(RATES).map(([product, rate]) => ({ product, cents: (seconds * rate) / 1_000 }));
}
