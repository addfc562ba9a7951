import { defineCommand, EXIT } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { parseLimit } from '../parse-values.ts';
import { listConflicts } from '../queries/list-conflicts.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';

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
    if (conflicts.length === 0) out.line('No conflict is open.');
    else {
      out.table(
        ['recorded', 'provider', 'type', "provider's id", 'webhook', 'first webhook', 'resolved'],
        conflicts.map((conflict) => [
          formatTime(conflict.recordedAt),
          conflict.provider ?? '-',
          conflict.providerType ?? '-',
          conflict.providerEventId ?? '-',
          conflict.webhookId,
          conflict.firstWebhookId,
          conflict.resolvedPosition === null ? 'open' : `at ${conflict.resolvedPosition}`,
        ]),
      );
    }
    return EXIT.done;
  },
});

export const commands = [list];
