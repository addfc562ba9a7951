/** What is asked for makes no sense whatever the state of the database; the message names each bad field. */
export class InvalidCommandError extends Error {
  override readonly name = 'InvalidCommandError';
  readonly code = 'invalid_command';
}

export class TenantNameTakenError extends Error {
  override readonly name = 'TenantNameTakenError';
  readonly code = 'tenant_name_taken';
  readonly tenantName: string;

  constructor(tenantName: string, cause: unknown) {
    super(`A tenant named "${tenantName}" exists already; choose another name.`, { cause });
    this.tenantName = tenantName;
  }
}

export class UnknownTenantError extends Error {
  override readonly name = 'UnknownTenantError';
  readonly code = 'unknown_tenant';
  readonly tenantId: string;

  constructor(tenantId: string) {
    super(`There is no tenant ${tenantId}; \`hookledger tenants list\` shows those that there are.`);
    this.tenantId = tenantId;
  }
}

export class SourceExistsError extends Error {
  override readonly name = 'SourceExistsError';
  readonly code = 'source_exists';

  constructor({ provider, account, mode }: { provider: string; account: string; mode: string }, cause: unknown) {
    super(`A source for the ${mode} account ${account} of ${provider} exists already; rotate its secret instead.`, {
      cause,
    });
  }
}

export class UnknownSourceError extends Error {
  override readonly name = 'UnknownSourceError';
  readonly code = 'unknown_source';
  readonly sourceId: string;

  constructor(sourceId: string) {
    super(`There is no source ${sourceId}; \`hookledger sources list\` shows those that there are.`);
    this.sourceId = sourceId;
  }
}

export class UnknownApiKeyError extends Error {
  override readonly name = 'UnknownApiKeyError';
  readonly code = 'unknown_api_key';
  readonly keyId: string;

  constructor(keyId: string) {
    super(`There is no key ${keyId}; \`hookledger keys list\` shows those that there are.`);
    this.keyId = keyId;
  }
}

export class MappingConflictError extends Error {
  override readonly name = 'MappingConflictError';
  readonly code = 'mapping_conflict';
  readonly tenantId: string;

  constructor({ externalId, tenantId, validFrom }: { externalId: string; tenantId: string; validFrom: string }) {
    super(
      `${externalId} is mapped to ${tenantId} from ${validFrom} on, with another end or tenant. ` +
        'To map it to another tenant, say from when that is to hold; the later start wins.',
    );
    this.tenantId = tenantId;
  }
}

export class UnknownPricePlanError extends Error {
  override readonly name = 'UnknownPricePlanError';
  readonly code = 'unknown_price_plan';
  readonly planId: string;

  constructor(planId: string) {
    super(`There is no price plan ${planId}; define it first.`);
    this.planId = planId;
  }
}

export class PricePlanImmutableError extends Error {
  override readonly name = 'PricePlanImmutableError';
  readonly code = 'price_plan_immutable';
  readonly planId: string;

  constructor(planId: string) {
    super(
      `The price plan ${planId} exists with other content, and a plan never changes; define another id and assign that.`,
    );
    this.planId = planId;
  }
}
