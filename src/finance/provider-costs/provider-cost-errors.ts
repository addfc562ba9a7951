export class ProviderCostImmutableError extends Error {
  override readonly name = 'ProviderCostImmutableError';
  readonly code = 'provider_cost_immutable';
  readonly costId: string;

  constructor(costId: string) {
    super(
      `The cost ${costId} was entered with other content, and an entry never changes; void it, and enter what is right ` +
        'under another id.',
    );
    this.costId = costId;
  }
}

export class UnknownProviderCostError extends Error {
  override readonly name = 'UnknownProviderCostError';
  readonly code = 'unknown_provider_cost';
  readonly costId: string;

  constructor(costId: string) {
    super(`There is no cost ${costId}; \`hookledger costs list\` shows those that there are.`);
    this.costId = costId;
  }
}
