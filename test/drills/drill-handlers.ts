import { createHash } from 'node:crypto';
import type { OutboundAdapter } from '../../src/adapters/adapter.ts';
import { createHttpAdapter } from '../../src/adapters/http-adapter.ts';
import type { RecordedEvent } from '../../src/domain/envelope.ts';
import { readEventData } from '../../src/domain/events.ts';
import type { Queue } from '../../src/domain/queues.ts';
import { routes } from '../../src/domain/queues.ts';
import { handleIngress } from '../../src/workers/handle-ingress.ts';
import { handleNotification } from '../../src/workers/handle-notification.ts';
import type { DeclaredHandler } from '../../src/workers/handler.ts';
import { UnrecoverableJobError } from '../../src/workers/retry-policy.ts';
import { CALLER_HEADER, TARGETS } from './effect-server.ts';
import type { Target } from './effect-server.ts';

export function createDrillAdapters(effectsUrl: string): readonly OutboundAdapter[] {
  return TARGETS.map((name) =>
    createHttpAdapter({
      name,
      declared: name,
      url: `${effectsUrl}/${name}`,
      timeoutMs: 5_000,
      headers: { [CALLER_HEADER]: String(process.pid) },
    }),
  );
}

/**
 * The application's handlers, and beside what they do a call to the outside: for each event on its way in, in the order
 * of its stream, and for each notification one that may be repeated; for each integration task one that may not.
 */
export function createDrillHandlers({ isPoisoned }: { isPoisoned: boolean }): Partial<Record<Queue, DeclaredHandler>> {
  const handlers: Partial<Record<Queue, DeclaredHandler>> = {
    'ingress-events': {
      order: 'stream',
      async handler(event, job) {
        const result = await handleIngress(event, job);
        return result.kind === 'done' ? { ...result, calls: [callInOrder(event)] } : result;
      },
    },
    'orchestration-flows': { handler: () => Promise.resolve({ kind: 'done' }) },
    'integration-tasks': { handler: (event) => Promise.resolve({ kind: 'done', calls: [callFor(event, 'neither')] }) },
    notifications: {
      async handler(event, job) {
        const result = await handleNotification(event, job);
        return result.kind === 'done' ? { ...result, calls: [callFor(event, 'idempotent')] } : result;
      },
    },
  };
  if (!isPoisoned) return handlers;
  return Object.fromEntries(
    Object.entries(handlers).map(([queue, handler]) => [queue, poisoned(queue as Queue, handler)]),
  );
}

function callFor(event: RecordedEvent, target: Target) {
  const effect = effectOf(event);
  return { step: 'tell', adapter: target, request: { effect }, effectKey: effect };
}

/** `effect` as compare.ts has it. */
function callInOrder({ streamKey, version }: RecordedEvent) {
  const effect = `${streamKey} ${version}`;
  const inOrder = { queue: 'ingress-events', stream: streamKey, version: Number(version) };
  return { step: 'tell', adapter: 'idempotent', request: { effect, inOrder }, effectKey: effect };
}

/** What is asked for, whoever asks and however often. */
function effectOf({ type, schemaVersion, data, eventId }: RecordedEvent): string {
  if (type !== 'NotificationRequested' && type !== 'IntegrationRequested') {
    throw new UnrecoverableJobError(`${type} ${eventId} asks for nothing outside.`);
  }
  return readEventData(type, schemaVersion, data).effectKey;
}

function poisoned(queue: Queue, { handler, ...declared }: DeclaredHandler): DeclaredHandler {
  return {
    ...declared,
    handler(event, job) {
      const fate = fateOf(queue, event);
      if (fate === 'fails for good') throw new UnrecoverableJobError('This job is poison.');
      if (fate === 'fails twice' && job.attempt <= 2) throw new Error(`This job fails at try ${job.attempt}.`);
      return handler(event, job);
    },
  };
}

/** One in a hundred fails for good and five fail twice; never one that further work comes of, which would be missed. */
export function fateOf(
  queue: Queue,
  { type, eventId }: Pick<RecordedEvent, 'type' | 'eventId'>,
): 'succeeds' | 'fails twice' | 'fails for good' {
  if (queue === 'ingress-events' && routes[type].next.length > 0) return 'succeeds';
  const lot = createHash('sha256').update(`${queue} ${eventId}`).digest().readUInt16BE() % 100;
  if (lot === 0) return 'fails for good';
  return lot <= 5 ? 'fails twice' : 'succeeds';
}
