import { listWebhooks, WEBHOOK_STATUSES } from '../../finance/webhooks.ts';
import { readWebhookStory } from '../../finance/webhook-story.ts';
import { storyJson } from '../../http/v1/story-json.ts';
import { defineCommand, EXIT, oneOf } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { NotFoundError } from '../not-found-error.ts';
import { parseLimit, parsePosition } from '../parse-values.ts';
import { printStory } from '../print-story.ts';
import { readDatabase } from '../read-database.ts';
import { snakeCased } from '../snake-cased.ts';

const list = defineCommand({
  name: 'webhooks list',
  summary: 'List the webhooks that came in, newest first',
  options: {
    limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' },
    before: { type: 'string', value: 'POSITION', description: 'Only those before this position' },
    status: { type: 'string', value: 'STATUS', description: `Only those that are ${WEBHOOK_STATUSES.join(', ')}` },
  },
  examples: ['webhooks list', 'webhooks list --status unmapped', 'webhooks list --limit 100 --json'],
  async run({ values, ...context }) {
    const { out, commandLine } = context;
    const limit = parseLimit(values.limit, 20);
    const before = values.before === undefined ? undefined : parsePosition(values.before, '--before');
    const status = values.status === undefined ? undefined : oneOf(WEBHOOK_STATUSES, values.status, '--status');
    const statuses = status === undefined ? undefined : [status];
    const webhooks = await readDatabase(context, (tx) => listWebhooks(tx, { before, limit, statuses }));
    out.json(webhooks.map(snakeCased));
    out.table(
      [{ title: 'position', align: 'right' }, 'received', 'provider', 'mode', 'type', 'status', 'tenant', 'id'],
      webhooks.map((webhook) => [
        webhook.position,
        formatTime(webhook.receivedAt),
        webhook.provider,
        webhook.mode,
        webhook.providerType ?? '-',
        webhook.status,
        webhook.tenantId,
        webhook.id,
      ]),
    );
    const last = webhooks.at(-1);
    if (webhooks.length === limit && last !== undefined) {
      const filter = status === undefined ? '' : ` --status ${status}`;
      out.line(`Older ones: ${commandLine(`webhooks list${filter} --before ${last.position}`)}`);
    }
    return EXIT.done;
  },
});

const show = defineCommand({
  name: 'webhooks show',
  summary: "Tell one webhook's story, from its request to the figures that it went into",
  description:
    "By our id, by the provider's id of its event, or `latest`. With --json: as GET /v1/webhooks/{id} answers.",
  arguments: ['<id>'],
  options: { body: { type: 'boolean', description: 'Show the raw body, too; it may hold personal data' } },
  examples: ['webhooks show latest', 'webhooks show evt_1Qx… --json', 'webhooks show latest --body'],
  async run({ values, positionals: [asked = ''], ...context }) {
    const story = await readDatabase(context, async (tx) => {
      const id = asked === 'latest' ? (await listWebhooks(tx, { limit: 1 }))[0]?.id : asked;
      return id === undefined ? undefined : readWebhookStory(tx, id, values.body === true ? 'raw' : 'operations');
    });
    if (story === undefined) {
      throw new NotFoundError(`There is no webhook ${asked}; \`hookledger webhooks list\` shows the newest.`);
    }
    context.out.json(storyJson(story));
    printStory(context.out, story);
    return EXIT.done;
  },
});

export const commands = [list, show];
