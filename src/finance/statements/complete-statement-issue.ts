import { createHash } from 'node:crypto';
import type { DomainEvent } from '../../domain/events.ts';
import { catalogue } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';
import { appendCommandEvent, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { resolveAsOf } from '../as-of.ts';
import { readModels } from '../read-models.ts';
import { withReadTransaction } from '../read-transaction.ts';
import { draftStatement } from './draft-statement.ts';
import { foldStatementEvent } from './fold-statement-event.ts';
import { countIssued, findPendingIssue } from './read-statements.ts';
import type { IssuedStatement, StatementStep } from './read-statements.ts';

export type StatementCompletion =
  | Readonly<{ outcome: 'nothing' }>
  | Readonly<{ outcome: 'waiting'; statementId: string; cutOff: bigint; position: bigint }>
  | Readonly<{ outcome: 'issued' | 'refused'; statementId: string }>;

type Decided = Extract<DomainEvent, { type: 'StatementIssued' | 'StatementIssueRefused' }>;

/**
 * The second step of issuing: once the read model has folded the cut-off, the lines are computed as of exactly there and
 * appended as `StatementIssued`, or as `StatementIssueRefused` with what is in the way. Safe to call by any number of
 * processes, and again after a crash: one of them decides.
 */
export async function completeStatementIssue(deps: CommandDeps): Promise<StatementCompletion> {
  const prepared = await withReadTransaction(deps.pool, {}, (tx) => prepare(tx, deps));
  if (!('request' in prepared)) return prepared;
  const { request, decide } = prepared;
  return runCommand(deps, async (tx) => {
    // Another process may have decided while this one computed.
    if ((await findPendingIssue(tx))?.statementId !== request.statementId) return { outcome: 'nothing' };
    const event = decide(await countIssued(tx, request.tenantId));
    const position = await appendCommandEvent(deps, tx, event, request.tenantId);
    await foldStatementEvent(tx, { ...event, position });
    return { outcome: event.type === 'StatementIssued' ? 'issued' : 'refused', statementId: request.statementId };
  });
}

type Prepared =
  | Extract<StatementCompletion, { outcome: 'nothing' | 'waiting' }>
  | Readonly<{ request: StatementStep; decide: (issuedBefore: number) => Decided }>;

async function prepare(tx: Tx, { clock }: CommandDeps): Promise<Prepared> {
  const request = await findPendingIssue(tx);
  if (request === undefined) return { outcome: 'nothing' };
  const { statementId, tenantId, period, tz, currency, from, to } = request;
  const cutOff = BigInt(request.cutOff);
  const { usage: model } = await readModels(tx);
  if (model.position < cutOff) return { outcome: 'waiting', statementId, cutOff, position: model.position };
  const asked = catalogue.StatementIssueRequested.data.parse(request.data);
  const asOf = await resolveAsOf(
    tx,
    { kind: 'position', position: cutOff },
    { modelPosition: model.position, now: clock.now() },
  );
  const draft = await draftStatement(tx, { model, tenantId, period, tz, currency, rounding: asked.rounding, asOf });
  const about = {
    stream: { kind: 'statement' as const, mode: 'live' as const, externalId: statementId },
    occurredAt: clock.now().toISOString(),
  };
  const identity = { statementId, tenantId, period, tz, currency, cutOff: request.cutOff };
  const reasons = [
    ...(draft.unpriced === 0 || asked.waiveUnpriced !== undefined
      ? []
      : [
          {
            check: 'unpriced',
            detail: `${draft.unpriced} usage facts of ${period} have no price: assign a plan that speaks of them, or waive it with a reason.`,
          },
        ]),
    ...(draft.lines.length > 0
      ? []
      : [{ check: 'empty', detail: `${tenantId} has no charges in ${currency} for ${period}.` }]),
  ];
  if (reasons.length > 0) {
    const event: Decided = { ...about, type: 'StatementIssueRefused', data: { ...identity, reasons } };
    return { request, decide: () => event };
  }
  const statement = {
    ...identity,
    periodFrom: from.toISOString(),
    periodTo: to.toISOString(),
    rounding: asked.rounding,
    projections: [{ name: model.name, version: model.version }],
    unpriced: {
      facts: draft.unpriced,
      ...(asked.waiveUnpriced === undefined ? {} : { reason: asked.waiveUnpriced }),
    },
    lines: draft.lines,
    totals: draft.totals,
    by: asked.by,
  };
  return {
    request,
    decide: (issuedBefore) => {
      const numbered = { ...statement, number: numberOf(period, issuedBefore + 1) };
      return { ...about, type: 'StatementIssued', data: { ...numbered, sha256: digestStatement(numbered) } };
    },
  };
}

function numberOf(period: string, count: number): string {
  return `${period}-${String(count).padStart(4, '0')}`;
}

/** SHA-256 of the statement's JSON with sorted keys: whoever computes it again from what is kept gets the same. */
export function digestStatement(statement: Omit<IssuedStatement, 'sha256'>): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(statement)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
