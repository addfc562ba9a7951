import { z } from 'zod';
import type { NewEvent } from '../domain/envelope.ts';
import type { EventData } from '../domain/events.ts';
import { readEventData } from '../domain/events.ts';
import type { Stream } from '../domain/stream.ts';
import { appendEvents } from '../event-store/append-events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { runCommand } from '../tenants/administrative-command.ts';
import { UnknownSourceError } from '../tenants/errors.ts';
import { parseCommand, reason, word } from '../tenants/parse-command.ts';
import { readSource } from '../tenants/read-source.ts';
import { chosenEvents } from './chosen-events.ts';
import type { Report } from './chosen-events.ts';
import { ConflictResolvedOtherwiseError, UnknownConflictError, UnusableBodyError } from './conflict-errors.ts';
import { eventTenants } from './event-tenants.ts';
import type { Normalise } from './normalise.ts';
import { lockConflict, readHighestRanks, readKeptWebhook, readStandingEvents, streamOf } from './read-conflict.ts';
import type { Conflict, KeptWebhook } from './read-conflict.ts';

const resolution = z.strictObject({
  webhookId: z.uuid('is not the id of a webhook'),
  keep: z.enum(['first', 'second']),
  reason,
  by: word,
});

export type ResolveConflictDeps = Readonly<{ pool: Pool; clock: Clock; newId: () => string; normalise: Normalise }>;

/**
 * Settles which of two bodies under one key counts, by an event in the stream of the first one's thing that says who
 * decided and why. When it is the second, what it reports is appended after that, as reports that win over those of
 * the first; what only the first reports is taken back. Safe to repeat: `resolved` is false when just this is decided.
 * @throws InvalidCommandError, UnknownConflictError, ConflictResolvedOtherwiseError, UnusableBodyError.
 */
export async function resolveConflict(
  deps: ResolveConflictDeps,
  command: z.input<typeof resolution>,
): Promise<{ resolved: boolean; position: string; keptWebhookId: string }> {
  const { webhookId, keep, reason, by } = parseCommand(resolution, command);
  return runCommand({ ...deps, appendEvents }, async (tx) => {
    const conflict = await lockConflict(tx, webhookId);
    if (conflict === undefined) throw new UnknownConflictError(webhookId);
    const keptWebhookId = keep === 'first' ? conflict.firstWebhookId : conflict.webhookId;
    if (conflict.resolvedPosition !== null) {
      const decided = await readDecision(tx, conflict.resolvedPosition);
      if (decided.keptWebhookId !== keptWebhookId) throw new ConflictResolvedOtherwiseError(webhookId, decided);
      return { resolved: false, position: conflict.resolvedPosition, keptWebhookId };
    }
    const data = { webhookId: conflict.webhookId, keptWebhookId, reason, by };
    const position = await appendDecision(deps, tx, conflict, data);
    await tx.query('update hookledger.conflicts set resolved_position = $2::bigint where webhook_id = $1::uuid', [
      conflict.webhookId,
      position,
    ]);
    return { resolved: true, position, keptWebhookId };
  });
}

async function appendDecision(
  deps: ResolveConflictDeps,
  tx: Tx,
  conflict: Conflict,
  data: EventData<'ConflictResolved'>,
): Promise<string> {
  const webhook = await readKeptWebhook(tx, conflict.webhookId);
  if (webhook === undefined) throw new UnknownConflictError(conflict.webhookId);
  const standing = await readStandingEvents(tx, conflict.firstWebhookId);
  const eventId = deps.newId();
  const about = {
    books: webhook.books,
    sourceId: webhook.sourceId,
    webhookId: webhook.id,
    correlationId: eventId,
  } as const;
  const decision: NewEvent = {
    ...about,
    eventId,
    tenantId: standing[0]?.tenantId ?? webhook.tenantId,
    event: {
      type: 'ConflictResolved',
      stream: standing[0]?.event.stream ?? streamOfNothing(webhook, conflict),
      occurredAt: deps.clock.now().toISOString(),
      data,
    },
  };
  const chosen = data.keptWebhookId === webhook.id ? await chooseBody(deps, tx, webhook, standing) : [];
  const appended = await appendEvents(tx, [
    decision,
    ...chosen.map(({ event, tenantId }) => ({
      ...about,
      eventId: deps.newId(),
      causationId: eventId,
      event,
      tenantId,
    })),
  ]);
  const position = appended.find((each) => each.eventId === eventId)?.position;
  if (position === undefined) throw new Error(`ConflictResolved ${eventId} was not appended.`);
  return String(position);
}

async function chooseBody(
  { normalise }: ResolveConflictDeps,
  tx: Tx,
  webhook: KeptWebhook,
  standing: readonly Report[],
): Promise<readonly Report[]> {
  const source = await readSource(tx, webhook.sourceId);
  if (source === undefined) throw new UnknownSourceError(webhook.sourceId);
  // The mapping is pure and asks for no secret; what a source has now would not be what it had then anyway.
  const normalised = read(() => normalise(webhook.request, { ...source, secrets: [] }), webhook.id);
  if (normalised.events.length === 0)
    throw new UnusableBodyError(webhook.id, normalised.detail ?? 'it holds no event.');
  const tenantIds = await eventTenants(tx, normalised, source, webhook.request.receivedAt);
  const own = normalised.events.map((event, index) => ({ event, tenantId: tenantIds[index] ?? webhook.tenantId }));
  const ranks = await readHighestRanks(tx, [...own, ...standing]);
  return chosenEvents({ own, standing, ranks });
}

function read<T>(normalise: () => T, webhookId: string): T {
  try {
    return normalise();
  } catch (error) {
    throw new UnusableBodyError(webhookId, 'its mapping fails.', { cause: error });
  }
}

async function readDecision(tx: Tx, position: string): Promise<EventData<'ConflictResolved'>> {
  const { rows } = await tx.query<{ schema_version: number; data: unknown }>(
    'select schema_version, data from hookledger.events where position = $1::bigint',
    [position],
  );
  return readEventData('ConflictResolved', rows[0]?.schema_version ?? 1, rows[0]?.data);
}

/** Nothing came of the first webhook: the decision still has to stand somewhere. */
function streamOfNothing(webhook: KeptWebhook, { firstWebhookId }: Conflict): Stream {
  return streamOf({ ...webhook, kind: 'provider-object', externalId: firstWebhookId });
}
