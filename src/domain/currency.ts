import { formatDecimal, parseDecimal, shiftDecimal } from './decimal.ts';

/** An amount and its ISO 4217 code, upper case. Two currencies are never added. */
export type Money = Readonly<{ amount: string; currency: string }>;

/** ISO 4217 minor-unit digits that are not two. `Intl` is not asked: it says 0 for HUF, where ISO and Stripe say 2. */
const MINOR_UNIT_DIGITS: Readonly<Record<string, number>> = {
  BHD: 3, BIF: 0, CLF: 4, CLP: 0, DJF: 0, GNF: 0, IQD: 3, ISK: 0, JOD: 3, JPY: 0, KMF: 0, KRW: 0, KWD: 3, LYD: 3,
  OMR: 3, PYG: 0, RWF: 0, TND: 3, UGX: 0, UYI: 0, UYW: 4, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
}; // prettier-ignore

/** Digits behind the point that ISO 4217 gives the currency; `currency` is its code, upper case. */
export function minorUnitDigits(currency: string): number {
  return MINOR_UNIT_DIGITS[currency] ?? 2;
}

/**
 * Stripe's own exceptions: ISK and UGX are sent with two digits for backwards compatibility, MGA without any.
 * Source: docs.stripe.com/currencies (zero-decimal currencies, special cases).
 */
const STRIPE_MINOR_UNIT_DIGITS: Readonly<Record<string, number>> = { ISK: 2, MGA: 0, UGX: 2 };

/** `('1999', 'usd')` is 19.99 USD. `minorUnits` is the provider's integer, as the text that it sent. */
export function stripeMoney(minorUnits: string, currency: string): Money {
  const code = currency.toUpperCase();
  const digits = STRIPE_MINOR_UNIT_DIGITS[code] ?? minorUnitDigits(code);
  return { amount: formatDecimal(shiftDecimal(parseDecimal(minorUnits), -digits)), currency: code };
}

/** Retell sends cents of US dollars, often with a fraction: `'12.5'` is 0.125 USD. */
export function retellMoney(cents: string): Money {
  return { amount: formatDecimal(shiftDecimal(parseDecimal(cents), -2)), currency: 'USD' };
}
