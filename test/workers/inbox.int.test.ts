import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { buryJobs } from '../../src/event-store/bury-jobs.ts';
import { recordWebhooks } from '../../src/event-store/record-webhooks.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { messageKey } from '../../src/transports/message-key.ts';
import type { Message } from '../../src/transports/transport.ts';
import type { JobStore } from '../../src/workers/job-store.ts';
import { createJobStore } from '../../src/workers/job-store.ts';
import { createTestDatabase } from '../support/database.ts';
import type { TestDatabase } from '../support/database.ts';
import { webhookRecord } from '../support/webhook-record.ts';

const QUEUE = 'ingress-events';

/** The inbox row of one job, as design and documentation say that it goes. */
type Inbox = Readonly<{ outcome: 'done' | 'dead'; generation: number }> | undefined;

/** One delivery of one generation, as its handler makes it end. A take alone is a worker that dies in its handler. */
type Delivery = Readonly<{ job: number; generation: number; ends: 'done' | 'dead' | 'never' }>;

const delivery: fc.Arbitrary<Delivery> = fc.record({
  job: fc.integer({ min: 0, max: 2 }),
  generation: fc.integer({ min: 0, max: 3 }),
  ends: fc.constantFrom('done', 'dead', 'never'),
});

let database: TestDatabase;
let store: JobStore;
beforeAll(async () => {
  database = await createTestDatabase();
  store = createJobStore({ pool: database.pool });
});
afterAll(() => database.drop());

async function newJobs(count: number): Promise<readonly Message[]> {
  const calls = Array.from({ length: count }, () => `call_${randomUUID()}`);
  const webhook = webhookRecord({ key: randomUUID(), calls });
  await recordWebhooks(database.pool, [webhook]);
  const { rows } = await database.adminPool.query<{ position: string; eventId: string }>(
    `select position, event_id as "eventId" from hookledger.events where webhook_id = $1 order by position`,
    [webhook.id],
  );
  return rows.map(({ position, eventId }) => {
    const job = { eventId, queue: QUEUE, replayId: 'live', generation: 0 };
    return { ...job, key: messageKey(job), tenantId: 'unassigned', eventType: 'CallStarted', position };
  });
}

/** Answers whether it changed anything. */
async function deliver(message: Message, ends: Delivery['ends']): Promise<boolean> {
  const taken = await store.take(message);
  if (taken.state !== 'ready' || ends === 'never') return false;
  if (ends === 'dead') {
    const death = { ...message, cause: 'unrecoverable', detail: 'no', attempts: 1 };
    return (await withTransaction(database.pool, { tenant: '*' }, (tx) => buryJobs(tx, [death]))) === 1;
  }
  return store.finish({
    message,
    event: taken.event,
    attempt: { attempt: 1, outcome: 'done', transport: 'memory', startedAt: new Date(), durationMs: 1 },
    // Of a key of its own each time: nothing but the inbox row keeps a second effect away.
    effects: [{ kind: 'notification', notification: message.eventId, subject: 's', dedupeKey: randomUUID(), data: {} }],
    events: [],
  });
}

async function inboxOf({ position }: Message): Promise<Inbox> {
  const { rows } = await database.adminPool.query<NonNullable<Inbox>>(
    'select outcome, generation from hookledger.inbox where position = $1 and queue = $2',
    [position, QUEUE],
  );
  return rows[0];
}

async function effectsOf({ eventId }: Message): Promise<number> {
  const { rows } = await database.adminPool.query<{ effects: number }>(
    'select count(*)::integer as effects from hookledger.notifications where kind = $1',
    [eventId],
  );
  return rows[0]?.effects ?? Number.NaN;
}

/** Done is absorbing; another end gives way to a higher generation only. */
function next(inbox: Inbox, { generation, ends }: Delivery): Inbox {
  if (ends === 'never' || inbox?.outcome === 'done') return inbox;
  return inbox === undefined || generation > inbox.generation ? { outcome: ends, generation } : inbox;
}

const generationOf = (message: Message, generation: number): Message => ({
  ...message,
  generation,
  key: messageKey({ ...message, generation }),
});

describe('the inbox', () => {
  test('goes through any deliveries as its rules say, and leaves one effect where it says done', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { minLength: 1, maxLength: 20 }), async (deliveries) => {
        const jobs = await newJobs(3);
        const model: Inbox[] = jobs.map(() => undefined);
        for (const each of deliveries) {
          const message = jobs[each.job];
          if (message === undefined) continue;
          const before = model[each.job];
          model[each.job] = next(before, each);
          expect(await deliver(generationOf(message, each.generation), each.ends)).toBe(model[each.job] !== before);
          expect(await inboxOf(message)).toEqual(model[each.job]);
        }
        for (const [index, message] of jobs.entries()) {
          expect(await effectsOf(message)).toBe(model[index]?.outcome === 'done' ? 1 : 0);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('whatever comes at once, a job has one end, and one effect at most', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { minLength: 2, maxLength: 24 }), async (deliveries) => {
        const jobs = await newJobs(3);
        const changes = await Promise.all(
          deliveries.map(async (each) => {
            const message = jobs[each.job];
            return {
              ...each,
              changed: message !== undefined && (await deliver(generationOf(message, each.generation), each.ends)),
            };
          }),
        );
        for (const [index, message] of jobs.entries()) {
          const mine = changes.filter(({ job, ends }) => job === index && ends !== 'never');
          const inbox = await inboxOf(message);
          expect(mine.some(({ changed }) => changed)).toBe(mine.length > 0);
          expect(await effectsOf(message)).toBe(inbox?.outcome === 'done' ? 1 : 0);
          // It ended as one of those that changed it.
          const last = mine.find(
            ({ generation, ends, changed }) => changed && generation === inbox?.generation && ends === inbox.outcome,
          );
          expect(last === undefined).toBe(mine.length === 0);
        }
      }),
      { numRuns: 30 },
    );
  });
});
