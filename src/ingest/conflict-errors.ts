export class UnknownConflictError extends Error {
  override readonly name = 'UnknownConflictError';
  readonly code = 'unknown_conflict';
  readonly webhookId: string;

  constructor(webhookId: string) {
    super(
      `No conflict has ${webhookId} for its second webhook; \`hookledger conflicts list\` shows those that there are.`,
    );
    this.webhookId = webhookId;
  }
}

export class ConflictResolvedOtherwiseError extends Error {
  override readonly name = 'ConflictResolvedOtherwiseError';
  readonly code = 'conflict_resolved_otherwise';
  readonly webhookId: string;

  constructor(webhookId: string, decided: { keptWebhookId: string; by: string; reason: string }) {
    super(
      `The conflict of ${webhookId} is resolved already: ${decided.by} kept ${decided.keptWebhookId} ` +
        `("${decided.reason}"). A decision stands.`,
    );
    this.webhookId = webhookId;
  }
}

/** The body that is to count says nothing that could count. */
export class UnusableBodyError extends Error {
  override readonly name = 'UnusableBodyError';
  readonly code = 'unusable_body';
  readonly webhookId: string;

  constructor(webhookId: string, why: string, options?: ErrorOptions) {
    super(`The body of ${webhookId} cannot be the one that counts: ${why} Keep the first one.`, options);
    this.webhookId = webhookId;
  }
}
