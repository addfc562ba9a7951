import type { Tx } from '../../platform/postgres.ts';
import type { PeriodCheck } from './period-errors.ts';
import type { PeriodFigure } from './period-figures.ts';
import { readPeriodSteps } from './read-periods.ts';
import type { PeriodStep } from './read-periods.ts';

export type PeriodDecision = PeriodStep &
  Readonly<{
    by: string;
    reason: string | null;
    waivers: readonly Readonly<{ check: string; reason: string }>[];
    checks: readonly PeriodCheck[];
    sha256: string | null;
  }>;

/** Every step of a period with who decided it and why. Not for a tenant's reader. */
export async function readPeriodDecisions(tx: Tx, period: string, asOf: bigint): Promise<readonly PeriodDecision[]> {
  const steps = await readPeriodSteps(tx, period, asOf);
  const { rows } = await tx.query<Omit<PeriodDecision, keyof PeriodStep> & { position: string }>(
    `select position, decided_by as by, reason, waivers, checks, sha256
     from hookledger.period_decisions where position = any ($1::bigint[])`,
    [steps.map(({ position }) => position)],
  );
  return steps.flatMap((step) => {
    const decision = rows.find(({ position }) => position === step.position);
    return decision === undefined ? [] : [{ ...step, ...decision }];
  });
}

/** What was reported when a revision of the period was closed: the same for ever. A tenant's reader sees its own. */
export async function readReportedFigures(tx: Tx, closePosition: string): Promise<readonly PeriodFigure[]> {
  const { rows } = await tx.query<PeriodFigure>(
    `select tenant_id as "tenantId", service_period as "servicePeriod", provider, figure, currency,
       trim_scale(amount)::text as amount
     from hookledger.period_figures where position = $1::bigint order by line_no`,
    [closePosition],
  );
  return rows;
}
