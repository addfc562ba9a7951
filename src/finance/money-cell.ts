import type { Money } from '../domain/currency.ts';

/** An amount without a currency is no money: there is nothing to say. */
export function moneyOrNull(amount: string | null, currency: string | null): Money | null {
  return amount === null || currency === null || currency === '' ? null : { amount, currency };
}
