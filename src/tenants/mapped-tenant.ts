/** One row of the account mappings, its times in milliseconds since 1970; without end they are infinite. */
export type AccountMapping = Readonly<{
  externalId: string;
  tenantId: string;
  validFromMs: number;
  validToMs: number;
}>;

/**
 * The tenant of a thing that began at `at`: the first external id that is mapped then decides, and of its mappings the
 * one that began last.
 */
export function mappedTenant(
  mappings: readonly AccountMapping[],
  externalIds: readonly string[],
  at: Date,
): string | undefined {
  const atMs = at.getTime();
  for (const externalId of externalIds) {
    const [latest] = mappings
      .filter((mapping) => mapping.externalId === externalId && mapping.validFromMs <= atMs && atMs < mapping.validToMs)
      .toSorted((one, other) => other.validFromMs - one.validFromMs);
    if (latest !== undefined) return latest.tenantId;
  }
  return undefined;
}
