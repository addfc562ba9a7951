import type { EventData } from '../../domain/events.ts';

/** The statement is not in a state for what was asked; nothing was changed. */
export class StatementStateError extends Error {
  override readonly name = 'StatementStateError';
  readonly code = 'statement_state';
}

export class UnknownStatementError extends Error {
  override readonly name = 'UnknownStatementError';
  readonly code = 'unknown_statement';
  readonly statementId: string;

  constructor(statementId: string) {
    super(`There is no statement ${statementId}; \`hookledger finance statements\` lists those that there are.`);
    this.statementId = statementId;
  }
}

/** The refusal is recorded; nothing was issued. */
export class StatementRefusedError extends Error {
  override readonly name = 'StatementRefusedError';
  readonly code = 'statement_refused';
  readonly reasons: EventData<'StatementIssueRefused'>['reasons'];

  constructor(statementId: string, reasons: EventData<'StatementIssueRefused'>['reasons']) {
    super(`${statementId} was not issued: ${reasons.map(({ detail }) => detail).join(' ')}`);
    this.reasons = reasons;
  }
}
