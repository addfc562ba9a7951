import { allocate } from '../../domain/allocate.ts';
import type { Weight } from '../../domain/allocate.ts';
import { formatDecimal, parseDecimal } from '../../domain/decimal.ts';
import type { Decimal } from '../../domain/decimal.ts';
import { UNASSIGNED } from '../../domain/envelope.ts';
import type { ProviderCost } from './read-provider-costs.ts';

/** What a tenant used within the period of a cost, as its allocation looks at it. */
export type Bearer = Readonly<{ tenantId: string; quantity: string; facts: string }>;

export type TenantShare = Readonly<{ tenantId: string; amount: string }>;

/** Digits behind the point of a share. A cost has no more. */
const SHARE_SCALE = 12;

/**
 * Who bears a cost, and how much of it: the shares add up to its amount exactly, whatever the order of the bearers. What
 * nobody bears is `unassigned`; so is, of a cost by usage, the share of usage that has no tenant.
 */
export function shareCost({ amount, allocation }: ProviderCost, bearers: readonly Bearer[]): readonly TenantShare[] {
  const weights = weightsOf(allocation, bearers).filter(({ weight }) => weight.units > 0n);
  if (weights.length === 0) return [{ tenantId: UNASSIGNED, amount }];
  return allocate(parseDecimal(amount), weights, SHARE_SCALE)
    .filter((share) => share.amount.units !== 0n)
    .map((share) => ({ tenantId: share.key, amount: formatDecimal(share.amount) }));
}

function weightsOf(allocation: ProviderCost['allocation'], bearers: readonly Bearer[]): readonly Weight[] {
  switch (allocation.key) {
    case 'direct':
      return [{ key: allocation.tenantId, weight: ONE }];
    case 'seats':
      return allocation.seats.map(({ tenantId, seats }) => ({ key: tenantId, weight: parseDecimal(String(seats)) }));
    case 'equal':
      return bearers
        .filter(({ tenantId, facts }) => tenantId !== UNASSIGNED && BigInt(facts) > 0n)
        .map(({ tenantId }) => ({ key: tenantId, weight: ONE }));
    case 'usage':
      return bearers.map(({ tenantId, quantity }) => ({ key: tenantId, weight: parseDecimal(quantity) }));
  }
}

const ONE: Decimal = { units: 1n, scale: 0 };
