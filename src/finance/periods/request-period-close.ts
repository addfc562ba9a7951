import { z } from 'zod';
import { UNASSIGNED } from '../../domain/envelope.ts';
import { catalogue } from '../../domain/events.ts';
import { datesOfMonth, nextMonth } from '../../domain/month.ts';
import type { Tx } from '../../platform/postgres.ts';
import { appendCommandEvent, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { parseCommand, word } from '../../tenants/parse-command.ts';
import { foldPeriodEvent } from './fold-period-event.ts';
import { WAIVABLE_CHECKS } from './period-checks.ts';
import { PeriodStateError } from './period-errors.ts';
import { EVERYTHING, readPeriods } from './read-periods.ts';
import type { PeriodStep } from './read-periods.ts';

const newRequest = catalogue.PeriodCloseRequested.data.pick({ period: true }).extend({
  tz: word.optional(),
  by: word,
  waivers: z
    .array(
      z.strictObject({
        check: z.enum(WAIVABLE_CHECKS, `is one of ${WAIVABLE_CHECKS.join(', ')}`),
        reason: word,
      }),
    )
    .default([]),
});

export type PeriodCloseRequest = Readonly<{ period: string; tz: string; revision: number; cutOff: bigint }>;

/**
 * Asks for a month to be closed. The position of the request is the cut-off: a fact that is recorded above it is late.
 * The close itself follows when every read model has reached it, see `completePeriodClose`. Months are closed in their
 * order; the first close may be of any. Asked again while a request is pending, it answers that one.
 * @throws InvalidCommandError; PeriodStateError when it is closed already, not over, out of order, or of another zone.
 */
export async function requestPeriodClose(
  deps: CommandDeps,
  command: z.input<typeof newRequest>,
): Promise<PeriodCloseRequest> {
  const asked = parseCommand(newRequest, command);
  return runCommand(deps, async (tx) => {
    const periods = await readPeriods(tx, EVERYTHING);
    const own = periods.find(({ period }) => period === asked.period);
    if (own?.state === 'closing') {
      return { period: own.period, tz: own.tz, revision: own.revision, cutOff: BigInt(own.cutOff) };
    }
    const tz = asked.tz ?? periods[0]?.tz ?? 'UTC';
    requireOrder(periods, asked.period, tz);
    await requireOver(tx, { period: asked.period, tz, now: deps.clock.now() });
    const data = { ...asked, tz, revision: revisionAfter(own) };
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'PeriodCloseRequested',
        stream: { kind: 'period', mode: 'live', externalId: asked.period },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      UNASSIGNED,
    );
    await foldPeriodEvent(tx, { type: 'PeriodCloseRequested', position, data });
    return { period: data.period, tz, revision: data.revision, cutOff: position };
  });
}

/** A refusal closed nothing, so that the next request is of the same revision. */
function revisionAfter(own: PeriodStep | undefined): number {
  if (own === undefined) return 1;
  return own.state === 'reopened' ? own.revision + 1 : own.revision;
}

function requireOrder(periods: readonly PeriodStep[], period: string, tz: string): void {
  const [first] = periods;
  if (first !== undefined && first.tz !== tz) {
    throw new PeriodStateError(period, `cannot be closed in ${tz}: the books are kept in ${first.tz}.`);
  }
  const own = periods.find((each) => each.period === period);
  if (own?.state === 'closed') {
    throw new PeriodStateError(period, `is closed already (revision ${own.revision}); reopen it first, with a reason.`);
  }
  const closing = periods.find(({ state }) => state === 'closing');
  if (closing !== undefined) {
    throw new PeriodStateError(period, `has to wait: ${closing.period} is being closed.`);
  }
  const lastClosed = periods.findLast(({ state }) => state === 'closed');
  if (lastClosed !== undefined && nextMonth(lastClosed.period) !== period) {
    throw new PeriodStateError(
      period,
      `is not next: months are closed in their order, and after ${lastClosed.period} comes ${nextMonth(lastClosed.period)}.`,
    );
  }
}

async function requireOver(tx: Tx, { period, tz, now }: { period: string; tz: string; now: Date }): Promise<void> {
  const { rows } = await tx.query<{ endsAt: Date; hasZone: boolean }>(
    `select exists (select from pg_timezone_names where name = $2::text) as "hasZone",
       ($1::timestamp at time zone case when exists (select from pg_timezone_names where name = $2::text)
         then $2::text else 'UTC' end) as "endsAt"`,
    [datesOfMonth(period).to, tz],
  );
  if (rows[0]?.hasZone !== true) {
    throw new PeriodStateError(period, `cannot be closed in ${tz}, which is no IANA time zone, such as Europe/Berlin.`);
  }
  if (rows[0].endsAt > now) {
    throw new PeriodStateError(period, `is not over in ${tz}; it ends at ${rows[0].endsAt.toISOString()}.`);
  }
}
