import { readLog } from '../../alarms/read-log.ts';
import { withReadTransaction } from '../../finance/read-transaction.ts';
import { defineCommand, EXIT } from '../command.ts';
import { withEnvironment } from '../environment.ts';
import { formatDuration } from '../format-time.ts';
import type { Column } from '../output.ts';
import { listLanesBehind, MAX_COUNTED } from '../queries/list-lanes-behind.ts';
import { depthCells, readQueueDepths } from '../queue-depths.ts';
import { parseLimit } from '../parse-values.ts';
import { snakeCased } from '../snake-cased.ts';
import { reconcile } from './relay-reconcile.ts';
import { transport } from './relay-transport.ts';

const status = defineCommand({
  name: 'relay status',
  summary: 'Show the lanes that are behind, the shards and the queues',
  description: 'Exit code 1 when a relay shard has no owner, or the queues do not answer.',
  options: { limit: { type: 'string', value: 'N', description: 'At most so many lanes; 50 when left out' } },
  examples: ['relay status'],
  async run({ values, ...context }) {
    const { out } = context;
    const limit = parseLimit(values.limit, 50);
    const { log, lanes, queues } = await withEnvironment(context, async (environment) => ({
      ...(await withReadTransaction(environment.pool, {}, async (tx) => ({
        log: await readLog(tx),
        lanes: await listLanesBehind(tx, { limit }),
      }))),
      queues: await readQueueDepths(environment, context.config),
    }));
    out.json({
      mark: log.mark,
      shards_held: log.shardsHeld,
      shards: log.shards,
      lanes_behind: lanes.map(snakeCased),
      transport: queues.transport ?? null,
      queues: queues.depths,
    });
    out.line(`Relays hold ${log.shardsHeld} of ${log.shards} shards; the high-water mark is ${log.mark}.`);
    out.line();
    if (lanes.length === 0) out.line('No lane is behind.');
    else {
      out.table(
        ['tenant', 'queue', right('shard'), right('published'), right('waiting'), right('oldest')],
        lanes.map((lane) => [
          lane.tenantId,
          lane.queue,
          String(lane.shard),
          lane.publishedPosition,
          lane.waiting === MAX_COUNTED ? `${MAX_COUNTED} or more` : String(lane.waiting),
          formatDuration(lane.oldestSeconds),
        ]),
      );
    }
    out.line();
    out.line(queues.transport === undefined ? 'Queues: no server runs.' : `Queues on ${queues.transport}:`);
    out.table(['queue', right('waiting'), right('active'), right('delayed')], queues.depths.map(depthCells));
    const isHealthy = log.shardsHeld === log.shards && queues.depths.every(({ depth }) => depth !== undefined);
    return isHealthy ? EXIT.done : EXIT.problem;
  },
});

function right(title: string): Column {
  return { title, align: 'right' };
}

export const commands = [status, reconcile, transport];
