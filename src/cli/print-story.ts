import type { StoryFigure } from '../finance/story-figures.ts';
import type { StoryLines } from '../finance/story-lines.ts';
import type { StoryOperations, WebhookStory } from '../finance/webhook-story.ts';
import { formatTime } from './format-time.ts';
import type { Column, Output } from './output.ts';

/** A webhook's way for people, each part under the one that it came from. */
export function printStory(out: Output, story: WebhookStory): void {
  const { webhook, operations, events, lines, figures } = story;
  out.line(out.style('bold', `${webhook.providerType ?? 'webhook'} of ${webhook.provider}: ${webhook.status}`));
  if (webhook.detail !== null) out.line(`  ${webhook.detail}`);
  printFields(out, [
    ['our id', webhook.id],
    ["provider's id", webhook.providerEventId ?? '-'],
    ['source', `${webhook.sourceId}, account ${webhook.account}, ${webhook.mode}, books of the ${webhook.books}`],
    ['tenant', webhook.tenantId],
    ['received', `${webhook.receivedAt.toISOString()}, recorded ${webhook.recordedAt.toISOString()}`],
    ...(operations === undefined ? [] : requestFields(operations)),
  ]);
  printPart(
    out,
    'Events',
    [right('position'), 'type', 'occurred', 'tenant', 'event id'],
    events.map((event) => [event.position, event.type, formatTime(event.occurred_at), event.tenant_id, event.event_id]),
  );
  if (operations !== undefined) printJobs(out, operations);
  printPart(out, 'Lines of the read models', [right('position'), 'line', 'day', right('value'), ''], lineRows(lines));
  printPart(
    out,
    'Figures that they went into',
    ['figure', 'day', 'tenant', 'meter', right('value'), ''],
    figures.map(figureRow),
  );
  printWaiting(out, story);
}

function requestFields({ request, duplicates, conflicts }: StoryOperations): readonly (readonly [string, string])[] {
  return [
    ['request', `${request.method} ${request.url.replace(/\?.*$/s, '')}, ${describeBody(request)}, signature verified`],
    ['duplicates', String(duplicates)],
    ...conflicts.map(
      ({ webhookId, firstWebhookId, resolvedPosition }) =>
        [
          'conflict',
          `${webhookId} says otherwise than ${firstWebhookId}; ${resolvedPosition === null ? 'open' : `resolved at ${resolvedPosition}`}`,
        ] as const,
    ),
    ...(request.body === null ? [] : [['body', request.body.toString('utf8')] as const]),
  ];
}

function describeBody({ bodyBytes, bodyErasedAt }: StoryOperations['request']): string {
  return bodyErasedAt === null ? `${bodyBytes} bytes` : `body and headers erased on ${formatTime(bodyErasedAt)}`;
}

function printJobs(out: Output, { jobs, jobsDroppedAt }: StoryOperations): void {
  printPart(
    out,
    'Jobs',
    [right('position'), 'event', 'queue', 'published', 'outcome', right('attempts'), right('ms'), 'why'],
    jobs.map((job) => [
      job.position,
      job.eventType,
      job.queue,
      job.published ? 'yes' : 'waits',
      job.outcome ?? '-',
      String(job.attempts.length),
      job.attempts.map(({ durationMs }) => durationMs).join(' + ') || '-',
      job.deadLetter === null
        ? (job.attempts.at(-1)?.detail ?? '')
        : `${job.deadLetter.cause}: ${job.deadLetter.detail}`,
    ]),
  );
  if (jobsDroppedAt !== null) out.line(`Jobs that ended long before were dropped on ${formatTime(jobsDroppedAt)}.`);
}

function lineRows({ usage, invoices, payments }: StoryLines): string[][] {
  return [
    ...usage.map((line) => [
      line.position,
      `${line.kind} ${line.meter}${line.kind === 'cost' && line.costStatus === 'estimated' ? ', estimated' : ''} (${line.cause})`,
      dayOf(line.occurredAt),
      ...(line.kind === 'cost' ? [line.cost, line.costCurrency] : [line.quantity, line.unit]),
    ]),
    ...usage
      .filter(({ rated }) => rated !== '0')
      .map((line) => [
        line.position,
        `rated by ${line.planId ?? '-'}`,
        dayOf(line.occurredAt),
        line.rated,
        line.ratedCurrency,
      ]),
    ...invoices.map((line) => [
      line.position,
      `billed, net (tax ${line.tax})`,
      dayOf(line.issuedAt),
      line.net,
      line.currency,
    ]),
    ...payments.map((line) => [line.position, line.kind, dayOf(line.settledAt), line.amount, line.currency]),
  ];
}

function figureRow(figure: StoryFigure): string[] {
  return [
    figure.figure,
    figure.day,
    figure.tenantId,
    figure.meter ?? '-',
    figure.value,
    figure.currency ?? figure.unit ?? '',
  ];
}

/** A story that is not at its end yet must not look as if it were. */
function printWaiting(out: Output, { events, models }: WebhookStory): void {
  const last = events.reduce((highest, { position }) => (BigInt(position) > highest ? BigInt(position) : highest), 0n);
  const behind = Object.values(models).filter(({ position }) => position < last);
  if (behind.length === 0) return;
  out.line();
  out.line(
    `Not all of it is folded yet: ${behind.map(({ name, position }) => `${name} stands at ${position}`).join(', ')}. Look again.`,
  );
}

function printPart(out: Output, title: string, columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  out.line();
  out.line(out.style('bold', title));
  if (rows.length === 0) out.line('none');
  else out.table(columns, rows);
}

function printFields(out: Output, fields: readonly (readonly [string, string])[]): void {
  const widest = Math.max(...fields.map(([name]) => name.length));
  for (const [name, value] of fields) out.line(`  ${name.padEnd(widest)}  ${value}`);
}

const right = (title: string): Column => ({ title, align: 'right' });

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
