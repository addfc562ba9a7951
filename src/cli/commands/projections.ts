import { defineCommand, EXIT } from '../command.ts';
import { formatDuration } from '../format-time.ts';
import { listProjections } from '../queries/list-projections.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';
import { replayCommands } from './projection-replay.ts';

const list = defineCommand({
  name: 'projections list',
  summary: 'List the read models, in every version, and how far they have folded',
  options: {},
  examples: ['projections list'],
  async run(context) {
    const projections = await readDatabase(context, listProjections);
    context.out.json(projections.map(snakeCased));
    context.out.table(
      ['name', right('version'), 'state', right('fold ranges'), right('position'), right('behind'), right('lag')],
      projections.map((projection) => [
        projection.name,
        String(projection.version),
        projection.state,
        String(projection.foldRanges),
        projection.position,
        projection.behind,
        formatDuration(projection.lagSeconds),
      ]),
    );
    return EXIT.done;
  },
});

const right = (title: string) => ({ title, align: 'right' as const });

export const commands = [list, ...replayCommands];
