import { addDecimals, formatDecimal, parseDecimal, subtractDecimals, ZERO } from '../../domain/decimal.ts';
import type { RoundingRule } from '../../domain/round-money.ts';
import { datesOfMonth } from '../../domain/month.ts';
import type { Tx } from '../../platform/postgres.ts';
import type { AsOf } from '../as-of.ts';
import type { Model } from '../read-models.ts';
import { resolveRange } from '../time-range.ts';
import type { Range } from '../time-range.ts';
import { readCharges } from './read-charges.ts';
import { readEarlierStatements } from './read-statements.ts';
import type { IssuedStatement } from './read-statements.ts';
import { exactLines, roundStatement } from './statement-lines.ts';
import type { ExactLine } from './statement-lines.ts';

export type DraftStatement = Readonly<{
  tenantId: string;
  period: string;
  tz: string;
  range: Range;
  currency: string;
  rounding: RoundingRule;
  asOf: AsOf;
  lines: IssuedStatement['lines'];
  totals: IssuedStatement['totals'];
  /** Usage facts of the month that no plan speaks of: they are on no line. */
  unpriced: number;
}>;

export type DraftQuestion = Readonly<{
  model: Model;
  tenantId: string;
  period: string;
  tz: string;
  currency: string;
  rounding: RoundingRule;
  asOf: AsOf;
}>;

/**
 * A tenant's statement for a month in one currency, as it would be issued at a position: the month's charges, and for each
 * month whose statement was issued before, what has changed since (late facts, corrections, other prices), as one
 * adjustment. The same question has the same answer for ever.
 */
export async function draftStatement(tx: Tx, question: DraftQuestion): Promise<DraftStatement> {
  const { tenantId, period, tz, currency, rounding, asOf } = question;
  const range = await rangeOf(tx, period, tz, asOf);
  const charges = await readCharges(tx, { ...question, range });
  const own = exactLines(charges, { currency, servicePeriod: period });
  const lines = [...own, ...(await readAdjustments(tx, question))];
  return {
    tenantId,
    period,
    tz,
    range,
    currency,
    rounding,
    asOf,
    ...roundStatement(lines, currency, rounding),
    unpriced: charges.unpriced,
  };
}

async function readAdjustments(tx: Tx, question: DraftQuestion): Promise<readonly ExactLine[]> {
  const { model, tenantId, currency, period, asOf } = question;
  const earlier = await readEarlierStatements(tx, { tenantId, currency, before: period, asOf: asOf.position });
  const adjustments: ExactLine[] = [];
  for (const statement of earlier) {
    const range = { from: new Date(statement.periodFrom), to: new Date(statement.periodTo) };
    // oxlint-disable-next-line no-await-in-loop -- one connection answers one statement at a time
    const charges = await readCharges(tx, { model, tenantId, range, tz: statement.tz, asOf });
    const now = exactLines(charges, { currency, servicePeriod: statement.period });
    const exact = formatDecimal(subtractDecimals(sumOf(now), billedOf(statement, earlier)));
    if (exact === '0') continue;
    adjustments.push({
      kind: 'adjustment',
      description: `Changes of ${statement.period} since statement ${statement.number}`,
      exact,
      facts: 0,
      servicePeriod: statement.period,
      corrects: statement.statementId,
    });
  }
  return adjustments;
}

/** What statements have charged for the month of one, adjustments on later ones included. */
function billedOf(statement: IssuedStatement, issued: readonly IssuedStatement[]) {
  const own = statement.lines.filter(({ kind }) => kind !== 'adjustment');
  const corrections = issued.flatMap(({ lines }) => lines.filter(({ corrects }) => corrects === statement.statementId));
  return sumOf([...own, ...corrections]);
}

function sumOf(lines: readonly Readonly<{ exact: string }>[]) {
  return lines.map(({ exact }) => parseDecimal(exact)).reduce(addDecimals, ZERO);
}

async function rangeOf(tx: Tx, period: string, tz: string, { recordedAt }: AsOf): Promise<Range> {
  const { from, to } = datesOfMonth(period);
  return resolveRange(tx, { from: { date: from }, to: { date: to }, tz, now: recordedAt });
}
