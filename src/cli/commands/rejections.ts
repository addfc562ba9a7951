import { listRejections } from '../../finance/rejections.ts';
import { defineCommand, EXIT } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { parseLimit } from '../parse-values.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';

const list = defineCommand({
  name: 'rejections list',
  summary: 'List the requests that were refused and why, newest first',
  description: 'The record is bounded: a flood overwrites the oldest. No body and no header value is kept.',
  options: { limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' } },
  examples: ['rejections list', 'rejections list --limit 200 --json'],
  async run({ values, ...context }) {
    const limit = parseLimit(values.limit, 20);
    const rejections = await readDatabase(context, (tx) => listRejections(tx, { limit }));
    context.out.json(rejections.map(snakeCased));
    context.out.table(
      ['rejected', 'provider', 'source', 'cause', 'detail', { title: 'bytes', align: 'right' }, 'body hash'],
      rejections.map((rejection) => [
        formatTime(rejection.rejectedAt),
        rejection.provider,
        rejection.sourceId,
        rejection.cause,
        rejection.detail ?? '-',
        String(rejection.bodyBytes),
        rejection.bodyHash.slice(0, 16),
      ]),
    );
    return EXIT.done;
  },
});

export const commands = [list];
