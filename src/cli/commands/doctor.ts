import { ALARMS } from '../../alarms/find-alarms.ts';
import { pendingMigrations } from '../../platform/migrate.ts';
import { defineCommand, EXIT } from '../command.ts';
import { withEnvironment } from '../environment.ts';
import { lookForAlarms } from '../look-for-alarms.ts';
import { printMissing } from '../print-missing.ts';

const command = defineCommand({
  name: 'doctor',
  summary: 'Find what fails without saying so, and say what to do',
  description: [
    'Asks the database and the queues, not the processes. Exit code 1 when there is an alarm; docs/operations.md has a row',
    'for each of them. The metric hookledger_alarm of a running process tells the same, all the time.',
  ].join('\n'),
  options: {},
  examples: ['doctor', 'doctor --json'],
  async run(context) {
    return withEnvironment(context, async (environment) => {
      const { config, out } = context;
      const missing = await pendingMigrations(environment.databaseUrl);
      if (missing.length > 0) return printMissing(context, missing);
      const { alarms } = await lookForAlarms(environment, config, { looksTwice: true });
      out.json({ healthy: alarms.length === 0, alarms });
      out.table(
        ['checked', 'found'],
        ALARMS.map((name) => {
          const count = alarms.filter((alarm) => alarm.name === name).length;
          return [name, count === 0 ? out.style('green', 'ok') : out.style('red', 'ALARM')];
        }),
      );
      for (const { name, text, action } of alarms) {
        out.line();
        out.line(`${out.style('red', name)}: ${text}`);
        out.line(`  ${action}`);
      }
      return alarms.length === 0 ? EXIT.done : EXIT.problem;
    });
  },
});

export const commands = [command];
