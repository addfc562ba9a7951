import type { EventData } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';

export type IssuedStatement = EventData<'StatementIssued'>;

export type StatementStep = Readonly<{
  position: string;
  eventId: string;
  statementId: string;
  tenantId: string;
  step: 'requested' | 'issued' | 'refused' | 'linked';
  period: string;
  tz: string;
  from: Date;
  to: Date;
  currency: string;
  cutOff: string;
  data: unknown;
  recordedAt: Date;
}>;

const columns = `position, event_id as "eventId", statement_id as "statementId", tenant_id as "tenantId", step, period, tz,
  period_from as "from", period_to as "to", currency, cut_off as "cutOff", data, recorded_at as "recordedAt"`;

/** Every step of one statement, the first one first. */
export async function readStatementSteps(tx: Tx, statementId: string): Promise<readonly StatementStep[]> {
  const { rows } = await tx.query<StatementStep>(
    `select ${columns} from hookledger.statement_steps where statement_id = $1::text order by position`,
    [statementId],
  );
  return rows;
}

/** The oldest request that nobody has decided. */
export async function findPendingIssue(tx: Tx): Promise<StatementStep | undefined> {
  const { rows } = await tx.query<StatementStep>(
    `select ${columns} from hookledger.statement_steps r
     where r.step = 'requested'
       and not exists (select from hookledger.statement_steps d
         where d.statement_id = r.statement_id and d.step in ('issued', 'refused'))
     order by r.position limit 1`,
  );
  return rows[0];
}

/** A statement of the month that is issued, or asked for and not decided. */
export async function findStatementOf(
  tx: Tx,
  { tenantId, period, currency }: { tenantId: string; period: string; currency: string },
): Promise<StatementStep | undefined> {
  const { rows } = await tx.query<StatementStep>(
    `select ${columns} from hookledger.statement_steps s
     where s.tenant_id = $1::text and s.period = $2::text and s.currency = $3::text
       and (s.step = 'issued' or s.step = 'requested' and not exists (
         select from hookledger.statement_steps d
         where d.statement_id = s.statement_id and d.step in ('issued', 'refused')))
     order by s.position desc limit 1`,
    [tenantId, period, currency],
  );
  return rows[0];
}

/** What was issued to a tenant for the months before one, as of a position, in the order of the months. */
export async function readEarlierStatements(
  tx: Tx,
  { tenantId, currency, before, asOf }: { tenantId: string; currency: string; before: string; asOf: bigint },
): Promise<readonly IssuedStatement[]> {
  const { rows } = await tx.query<{ data: IssuedStatement }>(
    `select data from hookledger.statement_steps
     where step = 'issued' and tenant_id = $1::text and currency = $2::text and period < $3::text
       and cut_off <= $4::bigint
     order by period`,
    [tenantId, currency, before, asOf],
  );
  return rows.map(({ data }) => data);
}

/** How many statements a tenant was issued. */
export async function countIssued(tx: Tx, tenantId: string): Promise<number> {
  const { rows } = await tx.query<{ count: number }>(
    `select count(*)::integer as count from hookledger.statement_steps where step = 'issued' and tenant_id = $1::text`,
    [tenantId],
  );
  return rows[0]?.count ?? 0;
}
