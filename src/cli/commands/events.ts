import { listEvents, readEvent, readHighWaterMark } from '../../finance/events.ts';
import { eventJson } from '../../http/v1/event-json.ts';
import { MODES } from '../../domain/stream.ts';
import { defineCommand, EXIT, oneOf } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { NotFoundError } from '../not-found-error.ts';
import { parseLimit, parsePosition, parseUuid } from '../parse-values.ts';
import { readDatabase } from '../read-database.ts';

const list = defineCommand({
  name: 'events list',
  summary: 'List events of the log, newest first',
  options: {
    type: { type: 'string', multiple: true, value: 'TYPE', description: 'Of this type, such as PaymentSucceeded' },
    tenant: { type: 'string', multiple: true, value: 'ID', description: 'Of this tenant' },
    stream: { type: 'string', value: 'KEY', description: 'Of this stream, by its key' },
    webhook: { type: 'string', value: 'ID', description: 'That this webhook, by our id, brought' },
    correlation: { type: 'string', value: 'ID', description: 'Of everything that one webhook or command led to' },
    mode: { type: 'string', value: 'live|test', description: 'Of this mode' },
    limit: { type: 'string', value: 'N', description: 'At most so many; 20 when left out' },
    before: { type: 'string', value: 'POSITION', description: 'Only those before this position' },
  },
  examples: [
    'events list',
    'events list --type PaymentSucceeded --mode test',
    'events list --stream call/retell/org_7f/test/call_1',
  ],
  async run({ values, ...context }) {
    const { out, commandLine } = context;
    const limit = parseLimit(values.limit, 20);
    const before = values.before === undefined ? undefined : parsePosition(values.before, '--before');
    const filter = {
      ...(values.type === undefined ? {} : { types: values.type }),
      ...(values.tenant === undefined ? {} : { tenantIds: values.tenant }),
      ...(values.stream === undefined ? {} : { streamKey: values.stream }),
      ...(values.webhook === undefined ? {} : { webhookId: parseUuid(values.webhook, '--webhook') }),
      ...(values.correlation === undefined ? {} : { correlationId: parseUuid(values.correlation, '--correlation') }),
      ...(values.mode === undefined ? {} : { mode: oneOf(MODES, values.mode, '--mode') }),
    };
    const page = { order: 'newest-first' as const, limit, ...(before === undefined ? {} : { after: before }) };
    const events = await readDatabase(context, async (tx) =>
      listEvents(tx, { ...filter, upTo: await readHighWaterMark(tx) }, page),
    );
    out.json(events.map(eventJson));
    out.table(
      [
        { title: 'position', align: 'right' },
        'recorded',
        'type',
        'tenant',
        { title: 'version', align: 'right' },
        'stream',
        'id',
      ],
      events.map((event) => [
        event.position,
        formatTime(event.recorded_at),
        event.type,
        event.tenant_id,
        event.version,
        event.stream_key,
        event.event_id,
      ]),
    );
    const last = events.at(-1);
    if (events.length === limit && last !== undefined) {
      out.line(`Older ones: ${commandLine(`events list --before ${last.position}`)} and the same filters`);
    }
    return EXIT.done;
  },
});

const show = defineCommand({
  name: 'events show',
  summary: 'Show one event, with its data',
  description: 'As GET /v1/events/{id} answers.',
  arguments: ['<id>'],
  options: { personal: { type: 'boolean', description: 'Show its personal data, too' } },
  examples: ['events show 019a…'],
  async run({ values, positionals: [text = ''], ...context }) {
    const id = parseUuid(text, '<id>');
    const withPersonal = values.personal === true;
    const event = await readDatabase(context, (tx) => readEvent(tx, id, { withPersonal }));
    if (event === undefined) {
      throw new NotFoundError(`There is no event ${id}; \`hookledger events list\` shows the newest.`);
    }
    const shown = { ...eventJson(event), ...(withPersonal ? { personal: event.personal } : {}) };
    context.out.json(shown);
    // Its data is a tree of its own for each type: JSON is what shows it best to people, too.
    context.out.line(JSON.stringify(shown, undefined, 2));
    return EXIT.done;
  },
});

export const commands = [list, show];
