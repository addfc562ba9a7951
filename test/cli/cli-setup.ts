import { randomBytes } from 'node:crypto';
import { createTestDatabase } from '../support/database.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';

/** A database and a data directory of their own, and the environment that leads a command to them. */
export async function setUpCli() {
  const database = await createTestDatabase();
  const directory = createTemporaryDirectory();
  return {
    database,
    env: {
      DATABASE_URL: database.appUrl,
      HOOKLEDGER_MASTER_KEY: randomBytes(32).toString('base64'),
      HOOKLEDGER_DATA_DIR: directory.path,
      PORT: '0',
    },
    close: async () => {
      await database.drop();
      directory.remove();
    },
  };
}

export type CliSetup = Awaited<ReturnType<typeof setUpCli>>;
