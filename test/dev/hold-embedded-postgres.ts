// Run as a process of its own: starts PostgreSQL on the directory given, says where, and waits to be killed.
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { createLogger } from '../../src/platform/logger.ts';

const [dataDir = ''] = process.argv.slice(2);
const { adminUrl } = await startEmbeddedPostgres({ dataDir, logger: createLogger({ level: 'silent' }) });
console.log(adminUrl);
setInterval(() => {}, 60_000);
