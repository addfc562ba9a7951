import { z } from 'zod';
import { MONTH } from './month.ts';

/** Schemas of the events that finance decides by: rates of exchange, fixed costs, statements, periods. */
const word = z.string().min(1).max(500);
/** What people type: PostgreSQL takes no NUL, and nothing in it may steer a terminal. */
const plain = word.refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'may hold no control characters');
const time = z.iso.datetime({ offset: true });
const decimal = z.string().regex(/^-?\d+(\.\d+)?$/, 'a decimal string');
const currency = z.string().regex(/^[A-Z]{3}$/, 'an ISO 4217 code, upper case');
const position = z.string().regex(/^\d{1,18}$/, 'a position of the log');
/** A calendar month in the zone that the event names. */
const month = z.string().regex(MONTH, 'a month, such as 2026-10');
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'SHA-256 in hexadecimal');

/** One unit of `base` is so many of `quote` on a day. The day's rate that was set last holds. */
export const fxRate = z
  .strictObject({
    base: currency,
    quote: currency,
    rate: z
      .string()
      .regex(/^\d{1,12}(\.\d{1,12})?$/, 'a decimal string with at most 12 decimals')
      .refine((rate) => /[1-9]/.test(rate), 'must be above zero'),
    date: z.iso.date(),
    /** Who published it, such as ECB. */
    source: plain,
  })
  .refine(({ base, quote }) => base !== quote, { path: ['quote'], error: 'is the same currency as base' });

/** Who bears a cost. */
export const costAllocation = z.discriminatedUnion('key', [
  z.strictObject({ key: z.literal('direct'), tenantId: plain }).describe('One tenant bears it.'),
  z.strictObject({ key: z.literal('equal') }).describe('Each tenant with usage in the period bears the same.'),
  z
    .strictObject({
      key: z.literal('seats'),
      seats: z
        .array(z.strictObject({ tenantId: plain, seats: z.int().positive() }))
        .min(1)
        .max(5_000)
        .refine(
          (seats) => new Set(seats.map(({ tenantId }) => tenantId)).size === seats.length,
          'names a tenant twice',
        ),
    })
    .describe('By the seats that each tenant holds.'),
  z
    .strictObject({ key: z.literal('usage'), meter: plain })
    .describe("By each tenant's share of what was used of a meter of this provider in the period."),
]);

export const FIXED_COST_CATEGORIES = ['purchase', 'tax', 'credit', 'adjustment'] as const;

/** A fixed or recurring charge of a provider, which no webhook tells: numbers, seats, carrier fees, tax. */
export const providerCost = z
  .strictObject({
    costId: plain,
    provider: plain,
    account: plain.optional(),
    /** Charge categories of FOCUS. */
    category: z.enum(FIXED_COST_CATEGORIES),
    /** What it is for, such as numbers, seats, carrier_fee. */
    component: plain,
    description: plain.optional(),
    /** Negative for a credit. No digits beyond those that shares are divided to, so that shares add up to it. */
    amount: z
      .string()
      .regex(/^-?\d{1,18}(\.\d{1,12})?$/, 'a decimal string with at most 12 decimals')
      .refine((amount) => /[1-9]/.test(amount), 'must not be zero'),
    currency,
    /** It is spread evenly over the time from periodFrom to just before periodTo. */
    periodFrom: time,
    periodTo: time,
    allocation: costAllocation,
    /** Such as the number of the provider's invoice. */
    reference: plain.optional(),
    by: plain,
  })
  .refine(({ periodFrom, periodTo }) => Date.parse(periodFrom) < Date.parse(periodTo), {
    path: ['periodTo'],
    error: 'must be after periodFrom',
  })
  .refine(({ category, amount }) => category !== 'credit' || amount.startsWith('-'), {
    path: ['amount'],
    error: 'of a credit is below zero',
  });
export const providerCostVoid = z.strictObject({ costId: plain, reason: plain, by: plain });

/** One movement of the balance at a provider, as its payout report lists it. */
export const balanceTransaction = z.strictObject({
  transactionId: word,
  payoutId: word.optional(),
  /** `reporting_category`: charge, refund, dispute, fee, adjustment, payout, … */
  category: word,
  gross: decimal,
  fee: decimal,
  net: decimal,
  currency,
  createdAt: time.optional(),
  availableAt: time.optional(),
  /** The payment, refund or dispute that it is of. */
  sourceId: word.optional(),
  description: z.string().max(2_000).optional(),
});

/** `half_up`: away from zero. `half_even`: to the even neighbour. */
const rounding = z.enum(['half_up', 'half_even']);

/** The position of this event is the statement's cut-off; the figures are computed as of exactly there. */
export const statementIssueRequest = z.strictObject({
  statementId: word,
  tenantId: word,
  period: month,
  tz: word,
  currency,
  rounding,
  /** Why usage without a price may be left out of the statement; without it, such usage refuses it. */
  waiveUnpriced: word.optional(),
  by: word,
});

const statementLine = z.strictObject({
  lineNo: z.int().positive(),
  /** `minimum` tops up to an agreed sum; `adjustment` is of a period whose statement was issued before. */
  kind: z.enum(['usage', 'fee', 'minimum', 'pass_through', 'adjustment']),
  description: z.string().min(1),
  planId: word.optional(),
  provider: word.optional(),
  meter: word.optional(),
  unit: word.optional(),
  /** Such as `0–1000`; where the price has tiers. */
  tier: word.optional(),
  quantity: decimal.optional(),
  unitPrice: decimal.optional(),
  /** Unrounded. amount + roundingDifference = exact. */
  exact: decimal,
  amount: decimal,
  roundingDifference: decimal,
  /** How many facts it is of. */
  facts: z.int().nonnegative(),
  servicePeriod: month,
  /** The statement that an adjustment corrects. */
  corrects: word.optional(),
});

export const statement = z.strictObject({
  statementId: word,
  /** For people; without holes for each tenant. */
  number: word,
  tenantId: word,
  period: month,
  tz: word,
  periodFrom: time,
  periodTo: time,
  currency,
  rounding,
  /** Of `StatementIssueRequested`: what lies above it is late. */
  cutOff: position,
  projections: z.array(z.strictObject({ name: word, version: z.int().positive() })).min(1),
  /** Usage of the month without a price, which is not on it, and why that was let pass. */
  unpriced: z.strictObject({ facts: z.int().nonnegative(), reason: word.optional() }),
  lines: z.array(statementLine),
  totals: z.strictObject({ exact: decimal, amount: decimal, roundingDifference: decimal }),
  /** Of the statement's canonical JSON without this field. */
  sha256,
  by: word,
});
export const statementRefusal = z.strictObject({
  statementId: word,
  tenantId: word,
  period: month,
  tz: word,
  currency,
  cutOff: position,
  reasons: z.array(z.strictObject({ check: word, detail: z.string().min(1) })).min(1),
});
/** The provider's invoice that bills a statement, which is not a tax invoice itself. */
export const statementInvoiceLink = z.strictObject({
  statementId: word,
  tenantId: word,
  period: month,
  tz: word,
  currency,
  /** Of the statement. */
  cutOff: position,
  provider: word,
  account: word,
  invoiceId: word,
  by: word,
});

/** The position of this event is the cut-off of the period. */
export const periodCloseRequest = z.strictObject({
  period: month,
  tz: word,
  /** 1 for the first close, one more after each reopening. */
  revision: z.int().positive(),
  /** Checks that may stay open, and why; kept with the close. */
  waivers: z.array(z.strictObject({ check: word, reason: word })),
  by: word,
});
const periodCheck = z.strictObject({
  check: word,
  outcome: z.enum(['ok', 'waived', 'blocking']),
  count: z.int().nonnegative(),
  detail: z.string().optional(),
  /** Of the waiver. */
  reason: word.optional(),
});
export const PERIOD_FIGURES = [
  'rated',
  'cost',
  'cost_estimated',
  'billed',
  'tax',
  'collected',
  'refunded',
  'disputed',
  'fees',
] as const;
const periodFigure = z.strictObject({
  tenantId: word,
  /** The period itself, or an earlier closed one whose late facts are booked in it. */
  servicePeriod: month,
  /** Empty for what is of no provider. */
  provider: z.string(),
  figure: z.enum(PERIOD_FIGURES),
  currency,
  amount: decimal,
});
export const periodClose = z.strictObject({
  period: month,
  tz: word,
  revision: z.int().positive(),
  cutOff: position,
  projections: z.array(z.strictObject({ name: word, version: z.int().positive() })).min(1),
  checks: z.array(periodCheck),
  figures: z.array(periodFigure),
  /** Of the canonical JSON of the figures. */
  sha256,
  by: word,
});
export const periodCloseRefusal = z.strictObject({
  period: month,
  tz: word,
  revision: z.int().positive(),
  cutOff: position,
  checks: z.array(periodCheck).min(1),
  by: word,
});
export const periodReopening = z.strictObject({
  period: month,
  tz: word,
  /** Of the close that it opens again; that one stays as it is. */
  revision: z.int().positive(),
  cutOff: position,
  reason: word,
  by: word,
});
