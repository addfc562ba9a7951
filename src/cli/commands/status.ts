import { readLog } from '../../alarms/read-log.ts';
import { describeConfig, listSettings } from '../../config.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { pendingMigrations } from '../../platform/migrate.ts';
import { defineCommand, EXIT } from '../command.ts';
import type { Context } from '../command.ts';
import { withEnvironment } from '../environment.ts';
import type { Environment } from '../environment.ts';
import { lookForAlarms } from '../look-for-alarms.ts';
import { printHealth } from '../print-health.ts';
import { printMissing } from '../print-missing.ts';
import { countAttention } from '../queries/count-attention.ts';
import { listLanesBehind } from '../queries/list-lanes-behind.ts';
import { listVersions } from '../../replay/list-versions.ts';
import { snakeCased } from '../snake-cased.ts';

const command = defineCommand({
  name: 'status',
  summary: 'Say how far everything is, and what is wrong',
  description: [
    'Exit code 1 when a part does not run or does not keep up, the queues do not answer, or a job has died within a day.',
    'Webhooks that wait for a person (unmapped, unassigned, conflicts) are counted, and are no failure.',
  ].join('\n'),
  options: {
    env: { type: 'boolean', description: 'Show the settings instead, each with its variable; secrets masked' },
  },
  examples: ['status', 'status --env', 'status --json'],
  async run({ values, ...context }) {
    if (values.env === true) return printSettings(context);
    return withEnvironment(context, async (environment) => {
      const missing = await pendingMigrations(environment.databaseUrl);
      return missing.length > 0 ? printMissing(context, missing) : printStatus(context, environment);
    });
  },
});

/** More lanes than these need no counting one by one. */
const MAX_LANES = 1_000;

async function printStatus({ config, out }: Context, environment: Environment): Promise<number> {
  const read = await withReadTransaction(environment.pool, {}, async (tx) => ({
    log: await readLog(tx),
    projections: await listVersions(tx),
    lanesBehind: await listLanesBehind(tx, { limit: MAX_LANES }),
    attention: await countAttention(tx),
  }));
  const { alarms, queues } = await lookForAlarms(environment, config, { looksTwice: false });
  const health = { ...read, queues };
  const problems = alarms.map(({ text, action }) => `${text} ${action}`);
  out.json({
    healthy: problems.length === 0,
    problems,
    server: environment.server?.url ?? null,
    log: snakeCased(health.log),
    projections: health.projections.map(snakeCased),
    lanes_behind: health.lanesBehind.length,
    transport: health.queues.transport ?? null,
    queues: health.queues.depths,
    attention: snakeCased(health.attention),
  });
  printHealth(out, { ...health, serverUrl: environment.server?.url, problems });
  return problems.length === 0 ? EXIT.done : EXIT.problem;
}

function printSettings({ config, out }: Context): number {
  const current = describeConfig(config);
  const settings = listSettings().map((setting) => ({ ...setting, value: current[setting.name] ?? 'not set' }));
  out.json(settings);
  out.table(
    ['variable', 'value', 'meaning'],
    settings.map(({ name, value, description }) => [name, value, description]),
  );
  return EXIT.done;
}

export const commands = [command];
