import { createReconciler } from '../../relay/reconcile.ts';
import type { Look, Reconciliation } from '../../relay/reconcile.ts';
import { createTransportsInUse } from '../../relay/transports-in-use.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { confirm } from '../confirm.ts';
import { withEnvironment } from '../environment.ts';
import { assertRedisKnown, withTransports } from '../open-transports.ts';
import { userOfMachine } from '../user-of-machine.ts';

type Found = Omit<Reconciliation, 'isComplete'>;

export const reconcile = defineCommand({
  name: 'relay reconcile',
  summary: 'Publish the jobs once more that the queues have lost',
  description: [
    'Relays do it by themselves, every ten seconds; this looks at everything at once, and at what was published just now.',
    'Lost is a job that was published, has not ended, and is in no queue. It becomes a new outbox row with the next',
    'generation, by an event that says who asked for it and why.',
    'With --json: {"dry_run", "looked_at", "held", "settled", "republished": {queue: count}}.',
  ].join('\n'),
  options: {
    reason: { type: 'string', value: 'TEXT', description: 'Why; kept with the jobs that are published once more' },
    by: { type: 'string', value: 'NAME', description: 'Who asks for it; the user of this machine when left out' },
    'dry-run': { type: 'boolean', description: 'Say what is lost, and do nothing' },
    yes: { type: 'boolean', description: 'Do not ask' },
  },
  examples: ['relay reconcile --dry-run', `relay reconcile --reason 'Redis was restored from yesterday'`],
  async run({ values, ...context }) {
    const { out, config } = context;
    assertRedisKnown(config);
    const isDry = values['dry-run'] === true;
    const why = isDry
      ? { by: 'nobody', reason: 'dry run' }
      : { reason: needed(values.reason, '--reason'), by: values.by ?? userOfMachine() };
    const found = await withEnvironment(
      context,
      (environment) =>
        withTransports(environment, config, async (configured) => {
          const { pool, logger } = environment;
          const look = (order: Omit<Look, 'everything'>): Promise<Found> =>
            lookAtEverything({ pool, logger, transports: createTransportsInUse(configured) }, order);
          if (!isDry && values.yes === true) return look(why);
          const lost = await look({ ...why, dryRun: true });
          if (isDry || total(lost) === 0) return lost;
          await confirm(`Publish ${total(lost)} jobs once more.`);
          return look(why);
        }),
      { isForServer: true },
    );
    out.json({
      dry_run: isDry,
      looked_at: found.lookedAt,
      held: found.held,
      settled: found.settled,
      republished: found.republished,
    });
    out.line(
      `${found.lookedAt} published jobs had not ended: ${found.held} are in the queues, ${found.settled} ended since.`,
    );
    const verb = isDry ? 'would be published once more' : 'are published once more';
    out.line(total(found) === 0 ? 'None is lost.' : `${total(found)} were lost and ${verb}:`);
    for (const [queue, count] of Object.entries(found.republished)) out.line(`  ${queue}: ${count}`);
    return EXIT.done;
  },
});

/** One look takes so much only: looks until nothing is left. */
async function lookAtEverything(
  deps: Parameters<typeof createReconciler>[0],
  order: Omit<Look, 'everything'>,
): Promise<Found> {
  const reconciler = createReconciler(deps);
  const first = await reconciler.look({ ...order, everything: true });
  // What one look leaves pending, the next one counts again; what it has settled or repeated, it does not.
  let found = first;
  while (!found.isComplete) found = merge(found, await reconciler.look({ ...order, everything: true }), order.dryRun);
  return found;
}

function merge(before: Reconciliation, next: Reconciliation, isDry = false): Reconciliation {
  if (isDry) return next;
  const republished = { ...before.republished };
  for (const [queue, count] of Object.entries(next.republished)) republished[queue] = (republished[queue] ?? 0) + count;
  const settled = before.settled + next.settled;
  const lookedAt = next.held + settled + Object.values(republished).reduce((sum, count) => sum + count, 0);
  return { ...next, lookedAt, settled, republished };
}

function total({ republished }: Found): number {
  return Object.values(republished).reduce((sum, count) => sum + count, 0);
}
