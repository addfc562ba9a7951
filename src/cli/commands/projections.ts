import { defineCommand, EXIT } from '../command.ts';
import { formatDuration, formatTime } from '../format-time.ts';
import { listVersions } from '../../replay/list-versions.ts';
import type { ListedVersion } from '../../replay/list-versions.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';
import { replayCommands } from './projection-replay.ts';

const list = defineCommand({
  name: 'projections list',
  summary: 'List the read models, in every version, and how far they have folded',
  options: {},
  examples: ['projections list'],
  async run(context) {
    const projections = await readDatabase(context, listVersions);
    context.out.json(projections.map(snakeCased));
    context.out.table(
      [
        'name',
        right('version'),
        'state',
        right('fold ranges'),
        right('position'),
        right('behind'),
        right('lag'),
        'rebuild',
      ],
      projections.map((projection) => [
        projection.name,
        String(projection.version),
        projection.state,
        String(projection.foldRanges),
        projection.position,
        projection.behind,
        formatDuration(projection.lagSeconds),
        describeRebuild(projection),
      ]),
    );
    return EXIT.done;
  },
});

function describeRebuild({ state, stage, events, expectedEvents, ...rest }: ListedVersion): string {
  const { eventsPerSecond, secondsLeft, verifiedPosition, verifiedDifferences, keepUntil } = rest;
  if (state === 'retired') return keepUntil === null ? '' : `kept up to date until ${formatTime(keepUntil)}`;
  if (state === 'verifying')
    return verifiedPosition === null ? 'to be verified' : `verified, ${verifiedDifferences ?? 0} figures differ`;
  if (state !== 'building') return '';
  if (stage !== 'folding') return stage ?? '';
  const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left`;
  return `${events ?? 0} of ${expectedEvents ?? 0} events, ${eventsPerSecond ?? 0}/s${left}`;
}

const right = (title: string) => ({ title, align: 'right' as const });

export const commands = [list, ...replayCommands];
