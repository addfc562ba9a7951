import { resolveEffect } from '../../workers/resolve-effect.ts';
import { withAdministration } from '../administration.ts';
import type { Context } from '../command.ts';
import { defineCommand, EXIT, needed } from '../command.ts';
import { confirm } from '../confirm.ts';
import { formatTime } from '../format-time.ts';
import { NotFoundError } from '../not-found-error.ts';
import { parseJsonObject, parseLimit, parseUuid } from '../parse-values.ts';
import { listEffects } from '../queries/list-effects.ts';
import type { ListedEffect } from '../queries/list-effects.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';
import { UsageError } from '../usage-error.ts';
import { userOfMachine } from '../user-of-machine.ts';

const list = defineCommand({
  name: 'effects list',
  summary: 'List the calls to the outside that are not done, the uncertain ones first',
  description: [
    'uncertain: it may have been done, and only a person may decide whether it is called again.',
    'open: it is being called, or its job comes again.',
  ].join('\n'),
  options: {
    all: { type: 'boolean', description: 'Those that are done, too' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' },
  },
  examples: ['effects list', 'effects list --all --json'],
  async run({ values, ...context }) {
    const { out } = context;
    const filter = { isAll: values.all === true, limit: parseLimit(values.limit, 20) };
    const effects = await readDatabase(context, (tx) => listEffects(tx, filter));
    out.json(effects.map(snakeCased));
    if (effects.length === 0) {
      out.line(filter.isAll ? 'Nothing was ever called.' : 'Every call to the outside is done.');
      return EXIT.done;
    }
    out.table(
      ['created', 'state', 'adapter', 'step', 'event', 'tenant', { title: 'calls', align: 'right' }, 'id'],
      effects.map((effect) => [
        formatTime(effect.createdAt),
        effect.state,
        effect.adapter,
        effect.step,
        effect.eventType,
        effect.tenantId,
        String(effect.calls),
        effect.id,
      ]),
    );
    if (effects.some(({ state }) => state === 'uncertain')) {
      out.line();
      out.line(`The uncertain ones wait for a decision: ${context.commandLine('effects show <id>')}`);
    }
    return EXIT.done;
  },
});

const show = defineCommand({
  name: 'effects show',
  summary: 'Show one call to the outside, and what can be done about it',
  arguments: ['<id>'],
  options: {},
  examples: ['effects show 5f0c…'],
  async run({ positionals: [text = ''], ...context }) {
    const { out } = context;
    const effect = await find(context, parseUuid(text, '<id>'));
    out.json(snakeCased(effect));
    out.line(out.style('bold', `${effect.step} by ${effect.adapter} (${effect.declared}): ${effect.state}`));
    out.line(`  asked for by ${effect.eventType} ${effect.eventId} on ${effect.queue}, replay ${effect.replayId}`);
    out.line(`  ${times(effect)}`);
    if (effect.error !== null) out.line(`  ${effect.error}`);
    if (effect.result !== null) out.line(`  result ${JSON.stringify(effect.result)}`);
    if (effect.resolvedBy !== null) {
      out.line(
        `  decided by ${effect.resolvedBy} at position ${effect.resolvedPosition ?? '-'}: ${effect.resolvedReason}`,
      );
    }
    out.line();
    out.line(advice(effect));
    return EXIT.done;
  },
});

const resolve = defineCommand({
  name: 'effects resolve',
  summary: 'Decide about a call of which nobody knows whether it was carried out',
  description: [
    'Look at the other side first: it got the id of the effect as Idempotency-Key. With --done nothing is called again',
    'and the job goes on; with --repeat it is called once more. Either way the job is redriven, and an event keeps who',
    'decided and why. With --json: {"resolved", "position"}, resolved false when it was decided just so before.',
  ].join('\n'),
  arguments: ['<id>'],
  options: {
    done: { type: 'boolean', description: 'The other side has done it' },
    result: {
      type: 'string',
      value: 'JSON',
      description: 'With --done: what the other side answered, as the job reads it',
    },
    repeat: { type: 'boolean', description: 'The other side has not done it: call again' },
    reason: { type: 'string', value: 'TEXT', description: 'Why; kept with the decision' },
    by: { type: 'string', value: 'NAME', description: 'Who decides; the user of this machine when left out' },
    'dry-run': { type: 'boolean', description: 'Say what would be done, and do nothing' },
    yes: { type: 'boolean', description: 'Do not ask before repeating' },
  },
  examples: [
    `effects resolve 5f0c… --done --reason 'the SMS is in their log'`,
    `effects resolve 5f0c… --repeat --reason 'their log has no such call'`,
  ],
  async run({ values, positionals: [text = ''], ...context }) {
    const { out } = context;
    const effectId = parseUuid(text, '<id>');
    if (values.done === values.repeat) throw new UsageError('Say either --done or --repeat.');
    const decision = values.done === true ? 'done' : 'repeat';
    if (values.result !== undefined && decision === 'repeat') throw new UsageError('--result goes with --done only.');
    const reason = needed(values.reason, '--reason');
    const by = values.by ?? userOfMachine();
    const effect = await find(context, effectId);
    const what = `${decision === 'done' ? 'Take as done' : 'Call again'}: ${effect.step} by ${effect.adapter}, asked for by ${effect.eventType} ${effect.eventId}`;
    if (values['dry-run'] === true) {
      out.json({ resolved: false, position: null });
      out.line(`${what}. Nothing was changed.`);
      return EXIT.done;
    }
    if (decision === 'repeat' && values.yes !== true)
      await confirm(`${what}. If it was done before, it is done twice.`);
    const result = values.result === undefined ? {} : { result: parseResult(values.result) };
    const resolved = await withAdministration(context, (deps) =>
      resolveEffect(deps, { effectId, decision, reason, by, ...result }),
    );
    out.json(snakeCased(resolved));
    out.line(
      resolved.resolved
        ? `Resolved at position ${resolved.position}; its job goes on.`
        : `It was decided just so at position ${resolved.position}.`,
    );
    return EXIT.done;
  },
});

async function find(context: Context, id: string): Promise<ListedEffect> {
  const [effect] = await readDatabase(context, (tx) => listEffects(tx, { id, isAll: true, limit: 1 }));
  if (effect !== undefined) return effect;
  throw new NotFoundError(`There is no effect ${id}; \`hookledger effects list --all\` shows those that there are.`);
}

function times({ createdAt, calls, calledAt, endedAt, owner, generation }: ListedEffect): string {
  const called = calledAt === null ? '' : `, last ${formatTime(calledAt)} by ${owner} for generation ${generation}`;
  const ended = endedAt === null ? '' : `, ended ${formatTime(endedAt)}`;
  return `intended ${formatTime(createdAt)}, calls ${calls}${called}${ended}`;
}

function advice({ id, state, leaseUntil, isUnanswered }: ListedEffect): string {
  if (state === 'done') return 'Nothing is to be done.';
  if (leaseUntil !== null) return `It is being called; the lease ends at ${formatTime(leaseUntil)}.`;
  if (state === 'open' && !isUnanswered) return 'It is called when its job comes again; if that has died, redrive it.';
  const decide = `hookledger effects resolve ${id} --done (or --repeat) --reason '…'`;
  if (state === 'open') return `Its job finds out when it comes again; if that has died, redrive it, or: ${decide}`;
  return `Find out whether the other side has done it (it knows the id as Idempotency-Key), then: ${decide}`;
}

function parseResult(text: string): Record<string, string | number | boolean> {
  const entries = Object.entries(parseJsonObject(text, '--result')).map(([name, value]) => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return [name, value] as const;
    throw new UsageError(`--result holds texts, numbers, true and false; "${name}" is something else.`);
  });
  return Object.fromEntries(entries);
}

export const commands = [list, show, resolve];
