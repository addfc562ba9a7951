import type { NewEvent } from '../domain/envelope.ts';
import type { DomainEvent } from '../domain/events.ts';
import type { Clock } from '../platform/clock.ts';
import { withTransaction } from '../platform/postgres.ts';
import type { Pool, Tx } from '../platform/postgres.ts';
import { UnknownTenantError } from './errors.ts';

/** Appends inside the caller's transaction, and answers in the order of the events. */
export type AppendEvents = (tx: Tx, events: readonly NewEvent[]) => Promise<readonly Readonly<{ position: bigint }>[]>;

export type CommandDeps = Readonly<{ pool: Pool; appendEvents: AppendEvents; clock: Clock; newId: () => string }>;

/**
 * One transaction, one administrative command at a time: what a command finds still holds when its event is there.
 * The lock is the transaction's first, so it can be part of no deadlock.
 */
export async function runCommand<T>({ pool }: CommandDeps, command: (tx: Tx) => Promise<T>): Promise<T> {
  return withTransaction(pool, { tenant: '*' }, async (tx) => {
    await tx.query('select pg_advisory_xact_lock(7283, 3)');
    return command(tx);
  });
}

/** Appends one event about the platform's own books and answers its position. Call it last but for the fold. */
export async function appendCommandEvent(
  deps: CommandDeps,
  tx: Tx,
  event: DomainEvent,
  tenantId: string,
): Promise<bigint> {
  const [position] = await appendCommandEvents(deps, tx, [event], tenantId);
  if (position === undefined) throw new Error(`${event.type} was not appended.`);
  return position;
}

/** Appends the events of one command, all of one tenant; their positions are in the order of the events. */
export async function appendCommandEvents(
  { appendEvents, newId }: CommandDeps,
  tx: Tx,
  events: readonly DomainEvent[],
  tenantId: string,
): Promise<readonly bigint[]> {
  const correlationId = newId();
  const appended = await appendEvents(
    tx,
    events.map((event, index) => ({
      eventId: index === 0 ? correlationId : newId(),
      event,
      tenantId,
      books: 'platform',
      correlationId,
    })),
  );
  return appended.map(({ position }) => position);
}

/** Locks the tenant's row against its removal: the fold's foreign key must find it without waiting. */
export async function requireTenant(tx: Tx, tenantId: string): Promise<void> {
  const { rowCount } = await tx.query('select from hookledger.tenants where id = $1::text for key share', [tenantId]);
  if (rowCount === 0) throw new UnknownTenantError(tenantId);
}
