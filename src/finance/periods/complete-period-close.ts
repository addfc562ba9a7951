import { UNASSIGNED } from '../../domain/envelope.ts';
import type { DomainEvent } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';
import { appendCommandEvent, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { resolveAsOf } from '../as-of.ts';
import { furthestBehind, readModels } from '../read-models.ts';
import { withReadTransaction } from '../read-transaction.ts';
import { foldPeriodEvent } from './fold-period-event.ts';
import { readPeriodChecks } from './period-checks.ts';
import type { PeriodCheck } from './period-errors.ts';
import { digestFigures, readPeriodFigures } from './period-figures.ts';
import type { PeriodStep } from './read-periods.ts';

export type PeriodCompletion =
  | Readonly<{ outcome: 'nothing' }>
  /** A read model has not reached the cut-off. */
  | Readonly<{ outcome: 'waiting'; period: string; cutOff: bigint; position: bigint }>
  | Readonly<{ outcome: 'closed'; period: string; revision: number; checks: readonly PeriodCheck[] }>
  | Readonly<{ outcome: 'refused'; period: string; revision: number; checks: readonly PeriodCheck[] }>;

type Decision = Readonly<{
  outcome: 'closed' | 'refused';
  request: PeriodStep;
  event: PeriodDecided;
  checks: readonly PeriodCheck[];
}>;
type PeriodDecided = Extract<DomainEvent, { type: 'PeriodClosed' | 'PeriodCloseRefused' }>;

/**
 * The second step of a close: once every read model has folded the cut-off, checks and figures are computed as of exactly
 * there, and appended as `PeriodClosed`, or as `PeriodCloseRefused` where a check stands open that nobody waived. Safe to
 * call by any number of processes, and again after a crash: one of them decides.
 */
export async function completePeriodClose(deps: CommandDeps): Promise<PeriodCompletion> {
  const prepared = await withReadTransaction(deps.pool, {}, (tx) => prepare(tx, deps));
  if (prepared.outcome === 'nothing' || prepared.outcome === 'waiting') return prepared;
  const { outcome, request, event, checks } = prepared;
  const decided = await runCommand(deps, async (tx) => {
    // Another process may have decided while this one computed.
    if ((await findPending(tx))?.position !== request.position) return false;
    const position = await appendCommandEvent(deps, tx, event, UNASSIGNED);
    await foldPeriodEvent(tx, { ...event, position });
    return true;
  });
  return decided ? { outcome, period: request.period, revision: request.revision, checks } : { outcome: 'nothing' };
}

type Prepared = Extract<PeriodCompletion, { outcome: 'nothing' | 'waiting' }> | Decision;

async function prepare(tx: Tx, { clock }: CommandDeps): Promise<Prepared> {
  const request = await findPending(tx);
  if (request === undefined) return { outcome: 'nothing' };
  const cutOff = BigInt(request.cutOff);
  const models = await readModels(tx);
  const slowest = furthestBehind([models.usage, models.payments, models.invoices]);
  if (slowest.position < cutOff) {
    return { outcome: 'waiting', period: request.period, cutOff, position: slowest.position };
  }
  const asOf = await resolveAsOf(
    tx,
    { kind: 'position', position: cutOff },
    { modelPosition: slowest.position, now: clock.now() },
  );
  const { period, tz, revision, from, to, waivers, by } = request;
  const range = { from, to };
  const checks = await readPeriodChecks(tx, { models, period, tz, range, asOf, waivers });
  const common = { period, tz, revision, cutOff: request.cutOff, checks: [...checks], by };
  const about = {
    stream: { kind: 'period' as const, mode: 'live' as const, externalId: period },
    occurredAt: clock.now().toISOString(),
  };
  if (checks.some(({ outcome }) => outcome === 'blocking')) {
    return { outcome: 'refused', request, checks, event: { ...about, type: 'PeriodCloseRefused', data: common } };
  }
  const figures = await readPeriodFigures(tx, { models, period, range, asOf });
  const projections = [models.usage, models.payments, models.invoices].map(({ name, version }) => ({ name, version }));
  return {
    outcome: 'closed',
    request,
    checks,
    event: {
      ...about,
      type: 'PeriodClosed',
      data: { ...common, projections, figures: [...figures], sha256: digestFigures(figures) },
    },
  };
}

type PendingRequest = PeriodStep &
  Readonly<{ waivers: readonly Readonly<{ check: string; reason: string }>[]; by: string }>;

/** At most one: while a month is being closed, no other may be. */
async function findPending(tx: Tx): Promise<PendingRequest | undefined> {
  const { rows } = await tx.query<PendingRequest>(
    `select c.position, c.event_id as "eventId", c.period, c.tz, c.period_from as "from", c.period_to as "to", c.revision,
       'closing' as state, c.cut_off as "cutOff", c.recorded_at as "recordedAt", d.waivers, d.decided_by as by
     from hookledger.period_closings c
     join hookledger.period_decisions d using (position)
     where c.step = 'requested'
       and not exists (select from hookledger.period_closings l where l.period = c.period and l.position > c.position)`,
  );
  return rows[0];
}
