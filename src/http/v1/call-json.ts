import type { Money } from '../../domain/currency.ts';
import { addDecimals, formatDecimal, parseDecimal, ZERO } from '../../domain/decimal.ts';
import { readStreamKey } from '../../domain/stream.ts';
import type { AsOf } from '../../finance/as-of.ts';
import type { CallFigure, CallRow } from '../../finance/calls.ts';
import { streamEventsLink } from './event-links.ts';
import { zonedTime } from '../../finance/zoned-time.ts';

/** A call as one row: whose it is, what it cost in all, and its legs, the one that names the others first. */
export function callJson(row: CallRow, { tz, asOf }: { tz: string; asOf: AsOf }): Record<string, unknown> {
  const [, callKey] = row.key;
  const byStream = Map.groupBy(row.figures, ({ streamKey }) => streamKey);
  const others = [...byStream.keys()].filter((streamKey) => streamKey !== callKey);
  const legs = [callKey, ...others].map((streamKey) => knownLeg(streamKey, byStream.get(streamKey) ?? [], asOf));
  const unknown = row.links
    .map(({ provider, account, linkedId }) => ({ provider, account, call_id: decodeURIComponent(linkedId) }))
    .filter((link) => !legs.some((leg) => leg.provider === link.provider && leg.call_id === link.call_id))
    .map((link) => ({ ...link, ...NOTHING_KNOWN, links: { events: null } }));
  const costs = row.figures.filter(({ kind }) => kind === 'cost');
  return {
    // Of the call itself, else of the first leg that anything is known of.
    tenant_id: legs.find(({ tenant_id: tenantId }) => tenantId !== null)?.tenant_id ?? null,
    tenant_ids: [...new Set(row.figures.map(({ tenantId }) => tenantId))].toSorted(),
    started_at: zonedTime(row.startedAt, tz),
    cost: sumByCurrency(costs),
    cost_estimated: sumByCurrency(costs.filter(({ status }) => status === 'estimated')),
    uncosted_count: row.figures.reduce((sum, { uncosted }) => sum + Number(uncosted), 0),
    legs: [...legs, ...unknown],
  };
}

/** A leg that is only named: its provider has told nothing of it yet, or it is not for whoever asks to see. */
const NOTHING_KNOWN = { tenant_id: null, seconds: null, costs: [], uncosted_count: 0 };

function knownLeg(streamKey: string, figures: readonly CallFigure[], asOf: AsOf) {
  const { provider, account, externalId } = readStreamKey(streamKey);
  const seconds = figures.find(({ kind, meter }) => kind === 'usage' && meter === 'call_seconds');
  return {
    provider,
    account,
    call_id: externalId,
    tenant_id: figures[0]?.tenantId ?? null,
    seconds: seconds?.quantity ?? null,
    costs: figures
      .filter(({ kind }) => kind === 'cost')
      .map(({ meter, status, cost, currency }) => ({
        component: meter,
        cost_status: status,
        cost: { amount: cost, currency },
      })),
    uncosted_count: figures.reduce((sum, { uncosted }) => sum + Number(uncosted), 0),
    links: { events: streamEventsLink(streamKey, String(asOf.position)) },
  };
}

function sumByCurrency(figures: readonly CallFigure[]): readonly Money[] {
  return [...Map.groupBy(figures, ({ currency }) => currency)]
    .map(([currency, members]) => ({
      amount: formatDecimal(members.map(({ cost }) => parseDecimal(cost)).reduce(addDecimals, ZERO)),
      currency,
    }))
    .toSorted((a, b) => (a.currency < b.currency ? -1 : 1));
}
