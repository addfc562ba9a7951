import type { z } from 'zod';
import { catalogue } from '../../domain/events.ts';
import { datesOfMonth } from '../../domain/month.ts';
import type { Tx } from '../../platform/postgres.ts';
import { appendCommandEvent, requireTenant, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { parseCommand, word } from '../../tenants/parse-command.ts';
import { resolveRange } from '../time-range.ts';
import { foldStatementEvent } from './fold-statement-event.ts';
import { findStatementOf } from './read-statements.ts';
import { StatementStateError } from './statement-errors.ts';

const newRequest = catalogue.StatementIssueRequested.data.omit({ statementId: true }).extend({
  tenantId: word,
  tz: word.default('UTC'),
  rounding: catalogue.StatementIssueRequested.data.shape.rounding.default('half_up'),
  by: word,
  waiveUnpriced: word.optional(),
});

export type StatementRequest = Readonly<{ statementId: string; cutOff: bigint }>;

/**
 * Asks for a tenant's statement of a month in one currency to be issued. The position of the request is its cut-off; it
 * is issued when the read model has reached it, see `completeStatementIssue`. Asked again while a request is pending, it
 * answers that one.
 * @throws InvalidCommandError, UnknownTenantError; StatementStateError when it is issued already or the month goes on.
 */
export async function requestStatementIssue(
  deps: CommandDeps,
  command: z.input<typeof newRequest>,
): Promise<StatementRequest> {
  const asked = parseCommand(newRequest, command);
  return runCommand(deps, async (tx) => {
    await requireTenant(tx, asked.tenantId);
    const there = await findStatementOf(tx, asked);
    if (there?.step === 'requested') return { statementId: there.statementId, cutOff: BigInt(there.cutOff) };
    if (there !== undefined) {
      throw new StatementStateError(
        `${asked.tenantId} has its statement of ${asked.period} in ${asked.currency} (${there.statementId}). ` +
          'What has changed since is an adjustment on the next one.',
      );
    }
    await requireOver(tx, asked, deps.clock.now());
    const data = { ...asked, statementId: `stm_${deps.newId()}` };
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'StatementIssueRequested',
        stream: { kind: 'statement', mode: 'live', externalId: data.statementId },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      data.tenantId,
    );
    await foldStatementEvent(tx, { type: 'StatementIssueRequested', position, data });
    return { statementId: data.statementId, cutOff: position };
  });
}

async function requireOver(tx: Tx, { period, tz }: { period: string; tz: string }, now: Date): Promise<void> {
  const { rows } = await tx.query<{ isZone: boolean }>(
    `select exists (select from pg_timezone_names where name = $1::text) as "isZone"`,
    [tz],
  );
  if (rows[0]?.isZone !== true) {
    throw new StatementStateError(`${tz} is no IANA time zone, such as Europe/Berlin; nothing was issued.`);
  }
  const { from, to } = datesOfMonth(period);
  const range = await resolveRange(tx, { from: { date: from }, to: { date: to }, tz, now });
  if (range.to > now) {
    throw new StatementStateError(`${period} is not over in ${tz}; look at the draft until ${range.to.toISOString()}.`);
  }
}
