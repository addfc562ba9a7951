import type { Pool, Tx } from '../platform/postgres.ts';
import { withTransaction } from '../platform/postgres.ts';
import { projectionNamed, PROJECTIONS } from '../projections/all-projections.ts';
import type { Projection } from '../projections/projection.ts';
import { versionTable } from '../projections/version-table.ts';
import { holdVersions } from './hold-versions.ts';
import type { MoneyDifference } from './money-differences.ts';
import { findMoneyDifferences } from './money-differences.ts';
import { changeVersion } from './registry.ts';

/** One table in both versions: how many rows, and a checksum that does not hang on their order. */
export type ComparedTable = Readonly<{
  table: string;
  active: Readonly<{ rows: string; checksum: string }>;
  rebuilt: Readonly<{ rows: string; checksum: string }>;
  isEqual: boolean;
}>;

export type Verification = Readonly<{
  name: string;
  activeVersion: number;
  rebuiltVersion: number;
  /** Both stood there. */
  position: bigint;
  isEqual: boolean;
  tables: readonly ComparedTable[];
  /** Whose money would change; none where only other columns differ. */
  differences: readonly MoneyDifference[];
}>;

/**
 * Compares the rebuilt version of a projection with the active one, at one position, row by row through checksums, and
 * where they differ says whose money would change, by how much, because of which events. The rebuilt version may be
 * promoted afterwards. Folds of both stand still meanwhile; figures lag by as long, and nothing else waits.
 * @throws ReplayRefusedError
 */
export async function verifyRebuild(
  pool: Pool,
  name: string,
  projections: readonly Projection[] = PROJECTIONS,
): Promise<Verification> {
  return withTransaction(pool, { tenant: '*' }, async (tx) => {
    const { active, other, position } = await holdVersions(tx, { name, projections }, (versions) =>
      versions.find(({ state }) => state === 'verifying'),
    );
    const tables: ComparedTable[] = [];
    for (const table of projectionNamed(projections, name).tables) {
      // oxlint-disable-next-line no-await-in-loop -- one connection
      const [one, two] = [await checksum(tx, table, active.version), await checksum(tx, table, other.version)];
      tables.push({
        table,
        active: one,
        rebuilt: two,
        isEqual: one.rows === two.rows && one.checksum === two.checksum,
      });
    }
    const isEqual = tables.every((table) => table.isEqual);
    const versions = { active: active.version, rebuilt: other.version };
    const differences = isEqual ? [] : await findMoneyDifferences(tx, name, versions);
    const closed = differences.filter(({ isClosed }) => isClosed).length;
    await changeVersion(tx, other, { verified: { position, differences: differences.length, closed } });
    return {
      name,
      activeVersion: active.version,
      rebuiltVersion: other.version,
      position,
      isEqual,
      tables,
      differences,
    };
  });
}

async function checksum(tx: Tx, table: string, version: number): Promise<Readonly<{ rows: string; checksum: string }>> {
  const { rows } = await tx.query<{ rows: string; checksum: string }>(
    `select count(*)::text as rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text as checksum
     from ${versionTable(table, version)} t`,
  );
  return rows[0] ?? { rows: '0', checksum: '0' };
}
