import { listConflicts } from '../../finance/conflicts.ts';
import { resolveConflict } from '../../ingest/resolve-conflict.ts';
import { createNormalise } from '../../ingest/normalise.ts';
import { withAdministration } from '../administration.ts';
import { defineCommand, EXIT, needed, oneOf } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { parseLimit, parseUuid } from '../parse-values.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';
import { userOfMachine } from '../user-of-machine.ts';

const list = defineCommand({
  name: 'conflicts list',
  summary: 'List the webhooks that came under a known key with another body',
  description: 'Both are kept; the first one counts until a person resolves the conflict.',
  options: {
    all: { type: 'boolean', description: 'The resolved ones, too' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' },
  },
  examples: ['conflicts list', 'conflicts list --all --json'],
  async run({ values, ...context }) {
    const { out } = context;
    const limit = parseLimit(values.limit, 20);
    const conflicts = await readDatabase(context, (tx) => listConflicts(tx, { all: values.all === true, limit }));
    out.json(conflicts.map(snakeCased));
    if (conflicts.length === 0) out.line(values.all === true ? 'There was never a conflict.' : 'No conflict is open.');
    else {
      out.table(
        ['recorded', 'provider', 'type', "provider's id", 'webhook', 'first webhook', 'resolved'],
        conflicts.map((conflict) => [
          formatTime(conflict.recordedAt),
          conflict.provider,
          conflict.providerType ?? '-',
          conflict.providerEventId ?? '-',
          conflict.webhookId,
          conflict.firstWebhookId,
          conflict.resolvedPosition === null ? 'open' : `at ${conflict.resolvedPosition}`,
        ]),
      );
      out.line();
      out.line(`See both: ${context.commandLine('webhooks show <id> --body')}, or the console.`);
    }
    return EXIT.done;
  },
});

const resolve = defineCommand({
  name: 'conflicts resolve',
  summary: 'Decide which of two bodies under one key counts',
  description: [
    'Appends an event that says who decided and why. With --keep second, what that body reports is appended as reports',
    'that win over the first ones, and the figures change. A decision stands; to make it again does nothing.',
    'With --json: {"resolved", "position", "kept_webhook_id"}, resolved false when it was decided just so before.',
  ].join('\n'),
  arguments: ['<webhook-id>'],
  options: {
    keep: { type: 'string', value: 'WHICH', description: 'first or second: the body that counts' },
    reason: { type: 'string', value: 'TEXT', description: 'Why; kept with the decision' },
    by: { type: 'string', value: 'NAME', description: 'Who decides; the user of this machine when left out' },
  },
  examples: [`conflicts resolve 019a… --keep second --reason 'Stripe confirmed the corrected amount'`],
  async run({ values, positionals: [id = ''], ...context }) {
    const command = {
      webhookId: parseUuid(id, '<webhook-id>'),
      keep: oneOf(['first', 'second'], needed(values.keep, '--keep'), '--keep'),
      reason: needed(values.reason, '--reason'),
      by: values.by ?? userOfMachine(),
    };
    const { PROVIDERS } = await import('../../app.ts');
    const normalise = createNormalise(PROVIDERS);
    const decision = await withAdministration(context, (deps) => resolveConflict({ ...deps, normalise }, command));
    context.out.json(snakeCased(decision));
    context.out.line(
      decision.resolved
        ? `Resolved at position ${decision.position}: the body of ${decision.keptWebhookId} counts.`
        : `It was decided just so at position ${decision.position}.`,
    );
    return EXIT.done;
  },
});

export const commands = [list, resolve];
