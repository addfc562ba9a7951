import { appendEvents } from '../../src/event-store/append-events.ts';
import { createHighWaterMarkTracker } from '../../src/event-store/high-water-mark.ts';
import type { NewEvent } from '../../src/domain/envelope.ts';
import type { DomainEvent } from '../../src/domain/events.ts';
import { factKey } from '../../src/domain/facts.ts';
import type { Stream } from '../../src/domain/stream.ts';
import { withReadTransaction } from '../../src/finance/read-transaction.ts';
import type { Report } from '../../src/finance/report.ts';
import { reportRowJson, totalsJson } from '../../src/finance/report-json.ts';
import { uuidv7 } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { withTransaction } from '../../src/platform/postgres.ts';
import { PROJECTIONS } from '../../src/projections/all-projections.ts';
import { createProjectionRunner } from '../../src/projections/run-projection.ts';
import { createTestDatabase } from '../support/database.ts';
import { createTenants } from './seed.ts';

export type Answer = Readonly<{
  rows: readonly Record<string, unknown>[];
  totals: Record<string, unknown>;
  position: string;
}>;

/** Books of a reseller in a database of their own, copied `from` another if named: events are appended as they are, folded on demand, and asked by report. */
export async function openBooks({ tenants, now, from }: { tenants: readonly string[]; now: string; from?: string }) {
  const database = await createTestDatabase(from);
  await createTenants(database.adminPool, [...tenants]);
  const logger = createLogger({ level: 'silent' });
  let time = new Date(now);
  const clock = { now: () => time };
  const { pool } = database;
  const tracker = createHighWaterMarkTracker({ pool, logger, owner: 'books' });
  const runners = PROJECTIONS.map((projection) =>
    createProjectionRunner({ pool, projection, logger, clock, batchSize: 100 }),
  );
  const deps = { pool, appendEvents, clock, newId: () => uuidv7() };

  const append = async (events: readonly BookedEvent[]): Promise<readonly bigint[]> =>
    withTransaction(pool, { tenant: '*' }, async (tx) =>
      (await appendEvents(tx, events.map(newEvent))).map(({ position }) => position),
    );
  return {
    database,
    deps,
    append,
    setClock: (at: string) => void (time = new Date(at)),
    /** Moves the mark and folds until every read model has reached it. */
    async fold(): Promise<void> {
      await tracker.tick();
      for (const runner of runners) while ((await runner.tick()).moved) continue;
    },
    async ask(report: Report, query: Record<string, string> = {}, tenantId?: string): Promise<Answer> {
      const reader = tenantId === undefined ? {} : { tenantId };
      return withReadTransaction(pool, reader, async (tx) => {
        const opened = await report.ask({ limit: '1000', ...query }).open(tx, { reader, clock });
        const { rows } = await opened.readPage(1000);
        return {
          rows: rows.map((row) => reportRowJson(report.columns, row, 'UTC')),
          totals: totalsJson(await opened.readTotals(), 'UTC'),
          position: String(opened.meta.asOf.position),
        };
      });
    },
    /** All pages of an answer, one of so many rows after the other. */
    async pages(report: Report, limit: number): Promise<readonly (readonly Record<string, unknown>[])[]> {
      return withReadTransaction(pool, {}, async (tx) => {
        const opened = await report.ask({}).open(tx, { reader: {}, clock });
        const read: Record<string, unknown>[][] = [];
        let page = await opened.readPage(limit);
        for (;;) {
          read.push(page.rows.map((row) => reportRowJson(report.columns, row, 'UTC')));
          if (page.nextCursor === undefined) return read;
          page = await opened.readPage(limit, page);
        }
      });
    },
    async close(): Promise<void> {
      await tracker.close();
      await database.drop();
    },
  };
}

export type Books = Awaited<ReturnType<typeof openBooks>>;

export type BookedEvent = Readonly<{ event: DomainEvent; tenantId: string }>;

function newEvent({ event, tenantId }: BookedEvent): NewEvent {
  const eventId = uuidv7();
  return { eventId, event, tenantId, books: 'platform', correlationId: eventId };
}

/** A finished call with its length, and what the provider charges for it, in USD. */
export function call(
  tenantId: string,
  { id, at, seconds, cost, rank = 10 }: { id: string; at: string; seconds: string; cost?: string; rank?: number },
): readonly BookedEvent[] {
  const stream: Stream = { kind: 'call', provider: 'retell', account: 'org_1', mode: 'live', externalId: id };
  const report = { rank, providerTime: at };
  return [
    {
      tenantId,
      event: {
        type: 'CallEnded',
        stream,
        occurredAt: at,
        data: {},
        fact: {
          key: factKey(stream, 'call_seconds'),
          kind: 'usage',
          meter: 'call_seconds',
          unit: 'second',
          quantity: seconds,
          ...report,
        },
      },
    },
    ...(cost === undefined
      ? []
      : [
          {
            tenantId,
            event: {
              type: 'CallCostReported' as const,
              stream,
              occurredAt: at,
              data: { component: 'llm', isTransferLeg: false, amount: cost, currency: 'USD' },
              fact: {
                key: factKey(stream, 'cost/llm'),
                kind: 'cost' as const,
                meter: 'llm',
                unit: 'call',
                amount: cost,
                currency: 'USD',
                ...report,
              },
            },
          },
        ]),
  ];
}

export function payment(
  tenantId: string,
  { id, at, amount, currency = 'EUR' }: { id: string; at: string; amount: string; currency?: string },
): readonly BookedEvent[] {
  const stream: Stream = { kind: 'payment', provider: 'stripe', account: 'acct_1', mode: 'live', externalId: id };
  return [
    {
      tenantId,
      event: {
        type: 'PaymentSucceeded',
        stream,
        occurredAt: at,
        data: { amount, currency },
        fact: {
          key: factKey(stream, 'payment'),
          kind: 'payment',
          rank: 20,
          providerTime: at,
          meter: 'payment',
          unit: 'payment',
          quantity: '1',
          amount,
          currency,
        },
      },
    },
  ];
}

export function invoice(
  tenantId: string,
  {
    id,
    at,
    dueAt,
    net,
    tax = '0',
    paid = '0',
    status = 'open',
    currency = 'EUR',
  }: Readonly<{
    id: string;
    at: string;
    dueAt?: string;
    net: string;
    tax?: string;
    paid?: string;
    status?: 'open' | 'paid';
    currency?: string;
  }>,
): readonly BookedEvent[] {
  const stream: Stream = { kind: 'invoice', provider: 'stripe', account: 'acct_1', mode: 'live', externalId: id };
  const total = String(BigInt(net) + BigInt(tax));
  return [
    {
      tenantId,
      event: {
        type: 'InvoiceFinalized',
        stream,
        occurredAt: at,
        data: {
          number: id.toUpperCase(),
          status,
          net,
          tax,
          total,
          paid,
          currency,
          issuedAt: at,
          ...(dueAt === undefined ? {} : { dueAt }),
        },
        fact: {
          key: factKey(stream, 'billed'),
          kind: 'billed',
          rank: 10,
          providerTime: at,
          meter: 'billed',
          unit: 'invoice',
          quantity: '1',
          amount: net,
          currency,
        },
      },
    },
  ];
}
