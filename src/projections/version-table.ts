/** The table of this version of a projection, with its schema, for use in SQL text. */
export function versionTable(table: string, version: number): string {
  if (!Number.isSafeInteger(version) || version < 1) throw new RangeError(`Not a version of a projection: ${version}.`);
  return `hookledger.${table}_v${version}`;
}
