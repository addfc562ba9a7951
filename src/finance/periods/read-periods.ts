import type { Tx } from '../../platform/postgres.ts';

/** `closing`: asked for, its figures not computed yet. Without any step a period is open. */
export const PERIOD_STATES = ['open', 'closing', 'closed', 'refused', 'reopened'] as const;
export type PeriodState = (typeof PERIOD_STATES)[number];

export type PeriodStep = Readonly<{
  /** Of the event. */
  position: string;
  eventId: string;
  period: string;
  tz: string;
  from: Date;
  to: Date;
  revision: number;
  state: Exclude<PeriodState, 'open'>;
  cutOff: string;
  recordedAt: Date;
}>;

/** Beyond every position: whatever was decided. */
export const EVERYTHING = 2n ** 62n;

const columns = `position, event_id as "eventId", period, tz, period_from as "from", period_to as "to", revision,
  case step when 'requested' then 'closing' else step end as state, cut_off as "cutOff", recorded_at as "recordedAt"`;

/** Each period that anybody ever closed, by its last step at or below `asOf`, in the order of time. */
export async function readPeriods(tx: Tx, asOf: bigint): Promise<readonly PeriodStep[]> {
  const { rows } = await tx.query<PeriodStep>(
    `select * from (
       select distinct on (period) ${columns} from hookledger.period_closings
       where position <= $1::bigint
       order by period, position desc
     ) p
     order by "from"`,
    [asOf],
  );
  return rows;
}

/** Every step of one period, the first one first. */
export async function readPeriodSteps(tx: Tx, period: string, asOf: bigint): Promise<readonly PeriodStep[]> {
  const { rows } = await tx.query<PeriodStep>(
    `select ${columns} from hookledger.period_closings
     where period = $1::text and position <= $2::bigint
     order by position`,
    [period, asOf],
  );
  return rows;
}

/**
 * SQL: the periods that are closed as of a position, as (period, period_from, period_to, cut_off). `asOf` is a parameter
 * such as `$4::bigint`.
 */
export function closedPeriodsSelect(asOf: string): string {
  return `
    select period, tz, period_from, period_to, cut_off from (
      select distinct on (period) period, tz, period_from, period_to, cut_off, step
      from hookledger.period_closings
      where position <= ${asOf} and step in ('closed', 'reopened')
      order by period, position desc
    ) last_step
    where step = 'closed'`;
}
