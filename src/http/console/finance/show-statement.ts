import type { RequestHandler } from 'express';
import { withReadTransaction } from '../../../finance/read-transaction.ts';
import { readStatement } from '../../../finance/statements/read-statement.ts';
import { listTenantChoices } from '../../../finance/tenant-choices.ts';
import { readerOf, sendFinance } from './finance-page.ts';
import type { FinanceRouteDeps } from './finance-route-deps.ts';
import { statementPage } from './statement-page.ts';

/** An issued statement, ready to be printed. */
export function showStatement({ pool, sendPage }: FinanceRouteDeps): RequestHandler<{ id: string }> {
  return async (request, response) => {
    const { found, tenantName } = await withReadTransaction(pool, readerOf(response), async (tx) => {
      const found = await readStatement(tx, request.params.id);
      const tenants = await listTenantChoices(tx);
      const { tenantId } = found.statement;
      return { found, tenantName: tenants.find(({ id }) => id === tenantId)?.name ?? tenantId };
    });
    const { statement, issuedAt, invoice } = found;
    const { statementId, number, sha256, by } = statement;
    const main = statementPage({
      statement,
      tenantName,
      issued: { statementId, number, sha256, by, at: issuedAt },
      invoice,
    });
    sendFinance(sendPage, response, { title: `Statement ${number}`, path: '', main });
  };
}
