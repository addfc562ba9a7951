import type { LogReading } from '../alarms/read-log.ts';
import { formatDuration } from './format-time.ts';
import type { Column, Output } from './output.ts';
import type { Attention } from './queries/count-attention.ts';
import type { LaneBehind } from './queries/list-lanes-behind.ts';
import type { ListedVersion } from '../replay/list-versions.ts';
import type { QueueDepths } from './queue-depths.ts';
import { depthCells } from './queue-depths.ts';

export type Health = Readonly<{
  log: LogReading;
  projections: readonly ListedVersion[];
  lanesBehind: readonly LaneBehind[];
  queues: QueueDepths;
  attention: Attention;
  serverUrl: string | undefined;
  /** What is wrong, each with what to do next. */
  problems: readonly string[];
}>;

/** `hookledger status` for people: the machinery from the log on, then what waits for somebody, then what is wrong. */
export function printHealth(out: Output, health: Health): void {
  const { log, projections, lanesBehind, queues, attention, serverUrl, problems } = health;
  if (serverUrl !== undefined && serverUrl !== '') out.line(`Server at ${serverUrl}`);
  out.line(`Log: high-water mark ${log.mark}, drawn ${log.drawn}`);
  out.line(`Relay: ${log.shardsHeld} of ${log.shards} shards held, ${lanesBehind.length} lanes behind`);
  out.line();
  out.table(
    ['read model', 'state', right('position'), right('behind'), right('lag')],
    projections.map(({ name, version, state, position, behind, lagSeconds }) => [
      `${name} v${version}`,
      state,
      position,
      behind,
      formatDuration(lagSeconds),
    ]),
  );
  out.line();
  if (queues.transport === undefined) out.line('Queues: not running');
  else
    out.table([queues.transport, right('waiting'), right('active'), right('delayed')], queues.depths.map(depthCells));
  out.line();
  out.table(
    ['to look at', right('count'), 'with'],
    [
      ['dead letters', String(attention.deadLetters), 'hookledger dead-letters list'],
      ['unmapped', String(attention.unmapped), 'hookledger webhooks list --status unmapped'],
      ['unassigned', String(attention.unassigned), 'hookledger webhooks list --status unassigned'],
      ['quarantined', String(attention.quarantined), 'hookledger webhooks list --status quarantined'],
      ['conflicts', String(attention.conflicts), 'hookledger conflicts list'],
      ['rejections within a day', String(attention.rejections), 'hookledger rejections list'],
    ],
  );
  out.line();
  if (problems.length === 0) out.line(out.style('green', 'healthy'));
  for (const problem of problems) out.line(`${out.style('red', 'problem')}: ${problem}`);
}

function right(title: string): Column {
  return { title, align: 'right' };
}
