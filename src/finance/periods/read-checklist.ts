import { datesOfMonth } from '../../domain/month.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Tx } from '../../platform/postgres.ts';
import { resolveAsOf } from '../as-of.ts';
import { furthestBehind, readModels } from '../read-models.ts';
import { resolveRange } from '../time-range.ts';
import { readPeriodChecks } from './period-checks.ts';
import type { PeriodCheck } from './period-errors.ts';

/** What would keep a month from being closed as of now. */
export async function readChecklist(
  tx: Tx,
  { period, tz, clock }: { period: string; tz: string; clock: Clock },
): Promise<readonly PeriodCheck[]> {
  const models = await readModels(tx);
  const now = clock.now();
  const { position } = furthestBehind([models.usage, models.payments, models.invoices]);
  const asOf = await resolveAsOf(tx, { kind: 'now' }, { modelPosition: position, now });
  const { from, to } = datesOfMonth(period);
  const range = await resolveRange(tx, { from: { date: from }, to: { date: to }, tz, now });
  return readPeriodChecks(tx, { models, period, tz, range, asOf, waivers: [] });
}
