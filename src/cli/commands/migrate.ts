import { QUEUES } from '../../domain/queues.ts';
import { migrate } from '../../platform/migrate.ts';
import { prepareBullmqPostgres } from '../../transports/prepare-bullmq-postgres.ts';
import { defineCommand, EXIT } from '../command.ts';
import { APPLICATION_ROLE } from '../../platform/postgres.ts';
import { withOwnerUrl } from '../environment.ts';

const command = defineCommand({
  name: 'migrate',
  summary: 'Bring the database to the schema of this version',
  description: [
    'DATABASE_URL must log in as a role that may create roles and schemas; the application logs in as hookledger_app.',
    'Safe to repeat, and to run while servers of the version before are up. What follows waits for what came first.',
    'The queues in PostgreSQL, which serve where there is no Redis, are made ready too.',
    'With --json: {"applied": [names]}.',
  ].join('\n'),
  options: {},
  examples: ['migrate'],
  async run(context) {
    const { out } = context;
    const applied = await withOwnerUrl(context, async (url) => {
      const names = await migrate(url);
      await prepareBullmqPostgres(url, { grantTo: APPLICATION_ROLE, queues: QUEUES });
      return names;
    });
    out.json({ applied });
    for (const name of applied) out.line(`ran ${name}`);
    if (applied.length === 0) out.line('Nothing to run: the schema is that of this version.');
    out.line('The queues in PostgreSQL are ready.');
    return EXIT.done;
  },
});

export const commands = [command];
