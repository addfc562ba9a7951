import { subtractDecimals, formatDecimal, parseDecimal } from '../../domain/decimal.ts';
import { catalogue } from '../../domain/events.ts';
import type { Tx } from '../../platform/postgres.ts';
import { readModels, tableOf } from '../read-models.ts';
import { readStatementSteps } from './read-statements.ts';
import type { IssuedStatement, StatementStep } from './read-statements.ts';
import { UnknownStatementError } from './statement-errors.ts';

/** The provider's invoice that bills a statement; null amounts while no webhook told of it. */
export type StatementInvoice = Readonly<{
  provider: string;
  account: string;
  invoiceId: string;
  status: string | null;
  net: string | null;
  currency: string | null;
  /** Net of the invoice less the statement; null in two currencies. */
  difference: string | null;
}>;

export type StatementAnswer = Readonly<{
  statement: IssuedStatement;
  issuedAt: Date;
  position: string;
  eventId: string;
  invoice: StatementInvoice | undefined;
}>;

/**
 * An issued statement, as it was issued, and the invoice that bills it, as it is.
 * @throws UnknownStatementError, also for one of another tenant, and for one that is not issued.
 */
export async function readStatement(tx: Tx, statementId: string): Promise<StatementAnswer> {
  const steps = await readStatementSteps(tx, statementId);
  const issued = steps.find(({ step }) => step === 'issued');
  if (issued === undefined) throw new UnknownStatementError(statementId);
  const statement = catalogue.StatementIssued.data.parse(issued.data);
  const link = steps.findLast(({ step }) => step === 'linked');
  return {
    statement,
    issuedAt: issued.recordedAt,
    position: issued.position,
    eventId: issued.eventId,
    invoice: link && (await readInvoice(tx, link, statement)),
  };
}

async function readInvoice(tx: Tx, link: StatementStep, statement: IssuedStatement): Promise<StatementInvoice> {
  const { provider, account, invoiceId } = catalogue.StatementInvoiceLinked.data.parse(link.data);
  const { invoices } = await readModels(tx);
  const { rows } = await tx.query<{ status: string; net: string; currency: string }>(
    `select status, trim_scale(net)::text as net, currency
     from (
       select * from ${tableOf('invoices', invoices)}
       where provider = $1::text and account = $2::text and invoice_id = $3::text and tenant_id = $4::text
       order by position desc, is_there desc limit 1
     ) latest
     where is_there`,
    [provider, account, invoiceId, statement.tenantId],
  );
  const [row] = rows;
  const isComparable = row !== undefined && row.currency === statement.currency;
  return {
    provider,
    account,
    invoiceId,
    status: row?.status ?? null,
    net: row?.net ?? null,
    currency: row?.currency ?? null,
    difference: isComparable
      ? formatDecimal(subtractDecimals(parseDecimal(row.net), parseDecimal(statement.totals.amount)))
      : null,
  };
}
