import type { z } from 'zod';
import { catalogue } from '../../domain/events.ts';
import { appendCommandEvent, runCommand } from '../../tenants/administrative-command.ts';
import type { CommandDeps } from '../../tenants/administrative-command.ts';
import { parseCommand, word } from '../../tenants/parse-command.ts';
import { foldStatementEvent } from './fold-statement-event.ts';
import { readStatementSteps } from './read-statements.ts';
import { StatementStateError, UnknownStatementError } from './statement-errors.ts';

const newLink = catalogue.StatementInvoiceLinked.data
  .pick({ statementId: true, provider: true, account: true, invoiceId: true })
  .extend({ statementId: word, provider: word, account: word, invoiceId: word, by: word });

/**
 * Names the provider's invoice that bills a statement. Safe to repeat: `linked` is false when that is how it is; another
 * invoice replaces it from then on.
 * @throws InvalidCommandError, UnknownStatementError; StatementStateError when the statement is not issued.
 */
export async function linkStatement(deps: CommandDeps, command: z.input<typeof newLink>): Promise<{ linked: boolean }> {
  const asked = parseCommand(newLink, command);
  return runCommand(deps, async (tx) => {
    const steps = await readStatementSteps(tx, asked.statementId);
    const issued = steps.find(({ step }) => step === 'issued');
    if (steps.length === 0) throw new UnknownStatementError(asked.statementId);
    if (issued === undefined) throw new StatementStateError(`${asked.statementId} is not issued; issue it first.`);
    const last = steps.findLast(({ step }) => step === 'linked');
    const lastLink = last && catalogue.StatementInvoiceLinked.data.parse(last.data);
    const isSame =
      lastLink?.provider === asked.provider &&
      lastLink.account === asked.account &&
      lastLink.invoiceId === asked.invoiceId;
    if (isSame) return { linked: false };
    const { tenantId, period, tz, currency, cutOff } = issued;
    const data = { ...asked, tenantId, period, tz, currency, cutOff };
    const position = await appendCommandEvent(
      deps,
      tx,
      {
        type: 'StatementInvoiceLinked',
        stream: { kind: 'statement', mode: 'live', externalId: asked.statementId },
        occurredAt: deps.clock.now().toISOString(),
        data,
      },
      tenantId,
    );
    await foldStatementEvent(tx, { type: 'StatementInvoiceLinked', position, data });
    return { linked: true };
  });
}
