import { MONTH } from '../../domain/month.ts';
import { ROUNDING_RULES } from '../../domain/round-money.ts';
import { resolveAsOf } from '../../finance/as-of.ts';
import { readModels } from '../../finance/read-models.ts';
import { draftStatement } from '../../finance/statements/draft-statement.ts';
import { issueStatement } from '../../finance/statements/issue-statement.ts';
import { linkStatement } from '../../finance/statements/link-statement.ts';
import { readStatement } from '../../finance/statements/read-statement.ts';
import type { IssuedStatement } from '../../finance/statements/read-statements.ts';
import { statementCsv } from '../../finance/statements/statement-csv.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import type { Output } from '../output.ts';
import { readDatabase } from '../read-database.ts';
import { UsageError } from '../usage-error.ts';
import { userOfMachine } from '../user-of-machine.ts';

const asked = {
  tenant: { type: 'string', value: 'ID', description: 'The tenant' },
  period: { type: 'string', value: 'MONTH', description: 'Such as 2026-10' },
  currency: { type: 'string', value: 'CCC', description: 'ISO 4217, such as EUR' },
  tz: { type: 'string', value: 'ZONE', description: 'IANA zone of the month; UTC when left out' },
  rounding: { type: 'string', value: 'RULE', description: `${ROUNDING_RULES.join(' or ')}; half_up when left out` },
} as const;

type Asked = { tenant?: string; period?: string; currency?: string; tz?: string; rounding?: string };

function parseAsked(values: Asked) {
  const period = needed(values.period, '--period');
  if (!MONTH.test(period)) throw new UsageError(`--period is a month such as 2026-10, not "${period}".`);
  return {
    tenantId: needed(values.tenant, '--tenant'),
    period,
    currency: needed(values.currency, '--currency'),
    tz: values.tz ?? 'UTC',
    rounding: oneOf(ROUNDING_RULES, values.rounding ?? 'half_up', '--rounding'),
  };
}

const preview = defineCommand({
  name: 'statements preview',
  summary: "Show the draft of a tenant's statement, as it would be issued now",
  options: asked,
  examples: ['statements preview --tenant tnt_… --period 2026-11 --currency EUR'],
  async run({ values, ...context }) {
    const question = parseAsked(values);
    const draft = await readDatabase(context, async (tx, { clock }) => {
      const { usage: model } = await readModels(tx);
      const asOf = await resolveAsOf(tx, { kind: 'now' }, { modelPosition: model.position, now: clock.now() });
      return draftStatement(tx, { ...question, model, asOf });
    });
    context.out.json({ ...question, lines: draft.lines, totals: draft.totals, unpriced: draft.unpriced });
    printLines(context.out, draft);
    if (draft.unpriced > 0) context.out.line(`${draft.unpriced} usage facts have no price and are on no line.`);
    return EXIT.done;
  },
});

/** Read models that nobody folds, for want of a server, never get there. */
const WAIT_MS = 15_000;

const issue = defineCommand({
  name: 'statements issue',
  summary: "Issue a tenant's statement of a month that is over; it never changes again",
  description: [
    'Late facts and other changes are adjustments on the next statement. Usage without a price refuses it, unless that is',
    'waived with a reason. With --json: {"statement_id","number","sha256"}.',
  ].join('\n'),
  options: {
    ...asked,
    'waive-unpriced': { type: 'string', value: 'REASON', description: 'Leave out usage without a price' },
  },
  examples: ['statements issue --tenant tnt_… --period 2026-10 --currency EUR'],
  async run({ values, ...context }) {
    const question = parseAsked(values);
    const { statementId, cutOff, statement } = await withAdministration(context, (deps) =>
      issueStatement(
        deps,
        {
          ...question,
          by: userOfMachine(),
          ...(values['waive-unpriced'] === undefined ? {} : { waiveUnpriced: values['waive-unpriced'] }),
        },
        WAIT_MS,
      ),
    );
    context.out.json({
      statement_id: statementId,
      cut_off: String(cutOff),
      number: statement?.number ?? null,
      sha256: statement?.sha256 ?? null,
      amount: statement?.totals.amount ?? null,
    });
    if (statement === undefined) {
      context.out.line(`${statementId} is asked for: the server issues it when its read model has reached ${cutOff}.`);
    } else {
      printLines(context.out, statement);
      context.out.line(`Issued ${statement.number} (${statementId}).`);
    }
    return EXIT.done;
  },
});

const show = defineCommand({
  name: 'statements show',
  summary: 'Show an issued statement, as it was issued',
  arguments: ['<id>'],
  options: { csv: { type: 'boolean', description: 'Its lines as CSV, for a file' } },
  examples: ['statements show stm_…', 'statements show stm_… --csv > statement.csv'],
  async run({ values, positionals: [id = ''], ...context }) {
    const found = await readDatabase(context, (tx) => readStatement(tx, id));
    if (values.csv === true) {
      context.out.raw(statementCsv(found.statement));
      return EXIT.done;
    }
    const { statement, invoice } = found;
    context.out.json({ ...statement, issued_at: found.issuedAt, invoice: invoice ?? null });
    context.out.line(
      `${statement.number} of ${statement.tenantId}, ${statement.period}, cut off at ${statement.cutOff}`,
    );
    printLines(context.out, statement);
    if (invoice !== undefined) {
      context.out.line(
        `Billed by ${invoice.provider} ${invoice.invoiceId}: net ${invoice.net ?? 'not known yet'}, difference ${invoice.difference ?? 'not comparable'}`,
      );
    }
    context.out.line(context.out.style('dim', `sha256 ${statement.sha256}`));
    return EXIT.done;
  },
});

const link = defineCommand({
  name: 'statements link',
  summary: "Name the provider's invoice that bills a statement",
  arguments: ['<id>'],
  options: {
    provider: { type: 'string', value: 'P', description: 'Such as stripe' },
    account: { type: 'string', value: 'A', description: 'The account at the provider' },
    invoice: { type: 'string', value: 'ID', description: "The provider's id of the invoice" },
  },
  examples: ['statements link stm_… --provider stripe --account acct_… --invoice in_…'],
  async run({ values, positionals: [statementId = ''], ...context }) {
    const { linked } = await withAdministration(context, (deps) =>
      linkStatement(deps, {
        statementId,
        provider: needed(values.provider, '--provider'),
        account: needed(values.account, '--account'),
        invoiceId: needed(values.invoice, '--invoice'),
        by: userOfMachine(),
      }),
    );
    context.out.json({ linked });
    context.out.line(linked ? `${statementId} is billed by ${values.invoice}.` : 'That is how it was already.');
    return EXIT.done;
  },
});

function printLines(
  out: Output,
  { lines, totals, currency }: Pick<IssuedStatement, 'lines' | 'totals' | 'currency'>,
): void {
  const right = (title: string) => ({ title, align: 'right' }) as const;
  out.table(
    ['description', right('quantity'), right('unit price'), right('exact'), right(currency)],
    [
      ...lines.map((line) => [line.description, line.quantity ?? '', line.unitPrice ?? '', line.exact, line.amount]),
      [out.style('bold', 'Total'), '', '', totals.exact, totals.amount],
    ],
  );
}

export const commands = [preview, issue, show, link];
