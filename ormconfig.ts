import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Migration, Migrator } from '@mikro-orm/migrations';
import { defineConfig } from '@mikro-orm/postgresql';

const migrationsDirectory = fileURLToPath(new URL('./migrations/', import.meta.url));

/**
 * MikroORM without a database: whoever uses it adds `clientUrl` (its own CLI takes MIKRO_ORM_CLIENT_URL).
 * The Migrator runs the files of `migrations/` in the order of their names, each as it is and in a transaction of its
 * own. `create index concurrently` allows no transaction, so such a file has none and holds that one statement.
 */
export default defineConfig({
  entities: [],
  discovery: { warnWhenNoEntities: false },
  extensions: [Migrator],
  migrations: {
    tableName: 'hookledger_migrations',
    migrationsList: readdirSync(migrationsDirectory)
      .filter((file) => file.endsWith('.sql'))
      .toSorted()
      .map((file) => ({ name: file, class: migrationOf(readFileSync(migrationsDirectory + file, 'utf8')) })),
    allOrNothing: false,
    disableForeignKeys: false,
    silent: true,
    snapshot: false,
  },
});

function migrationOf(sql: string) {
  return class extends Migration {
    override up(): void {
      this.addSql(sql);
    }

    override isTransactional(): boolean {
      return !/\bindex concurrently\b/i.test(sql.replace(/--.*$/gm, ''));
    }
  };
}
