import { resolveAsOf } from '../../finance/as-of.ts';
import type { AsOfRequest } from '../../finance/as-of.ts';
import { listEvents, readEvent, readHighWaterMark } from '../../finance/events.ts';
import { eventJson } from '../../http/v1/event-json.ts';
import { MODES } from '../../domain/stream.ts';
import { defineCommand, EXIT, oneOf } from '../command.ts';
import { formatTime } from '../format-time.ts';
import { NotFoundError } from '../not-found-error.ts';
import { parseMoment } from '../parse-moment.ts';
import { foldStreamAt } from '../../replay/fold-stream-at.ts';
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

const state = defineCommand({
  name: 'events state',
  summary: 'Fold one stream, as it was at any position or time, and show what comes of it',
  description: 'By the newest folds of this release, from the log alone: no read model is asked, nothing is written.',
  arguments: ['<stream>'],
  options: { at: { type: 'string', value: 'POSITION|TIME', description: 'As the log stood then; now when left out' } },
  examples: [
    'events state call/retell/org_7f/test/call_1',
    'events state payment/stripe/acct_1/live/pi_1 --at 2026-11-03T00:00:00Z',
    'events state payment/stripe/acct_1/live/pi_1 --at 18022',
  ],
  async run({ values, positionals: [stream = ''], ...context }) {
    const { position, folded } = await readDatabase(context, async (tx, { clock }) => {
      const asOf = await resolveAsOf(tx, momentOf(values.at, clock.now()), {
        modelPosition: await readHighWaterMark(tx),
        now: clock.now(),
      });
      return { position: asOf.position, folded: await foldStreamAt(tx, stream, asOf.position) };
    });
    if (folded.length === 0) {
      throw new NotFoundError(
        `Nothing was folded of ${stream} up to position ${position}; \`hookledger events list --stream ${stream}\` shows its events.`,
      );
    }
    const shown = { stream, position, folded };
    context.out.json(shown);
    // Rows of a dozen tables with columns of their own: JSON is what shows them best to people, too.
    context.out.line(JSON.stringify({ ...shown, position: String(position) }, undefined, 2));
    return EXIT.done;
  },
});

function momentOf(at: string | undefined, now: Date): AsOfRequest {
  if (at === undefined) return { kind: 'now' };
  if (/^\d+$/.test(at)) return { kind: 'position', position: BigInt(parsePosition(at, '--at')) };
  return { kind: 'time', at: parseMoment(at, '--at', now) };
}

export const commands = [list, show, state];
