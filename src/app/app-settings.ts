import type { OutboundAdapter } from '../adapters/adapter.ts';
import type { Queue } from '../domain/queues.ts';
import type { RetentionDays } from '../event-store/retention.ts';
import type { Logger } from '../platform/logger.ts';
import type { Projection } from '../projections/projection.ts';
import type { DeclaredHandler, Handler } from '../workers/handler.ts';

export const APP_ROLES = ['api', 'relay', 'worker', 'projector'] as const;
export type AppRole = (typeof APP_ROLES)[number];

export type AppSettings = Readonly<{
  roles: readonly AppRole[];
  /** As whoever logs in; the application takes the rights of `hookledger_app` at connecting. */
  databaseUrl: string;
  /** Redis for the queues; without it they are in PostgreSQL, prepared by `prepareBullmqPostgres`. */
  redisUrl?: string;
  /** 32 bytes in base64. */
  masterKey: string;
  host: string;
  port: number;
  /** Whether a taken port moves on to the next one. */
  mayMove: boolean;
  bodyLimitBytes: number;
  /** Without it, nothing that is old goes. */
  retention?: RetentionDays;
  /** Targets outside that handlers may call. */
  adapters?: readonly OutboundAdapter[];
  /** The folds of read models; those of the release when left out. */
  projections?: readonly Projection[];
  /** Instead of the product's own; declared, where jobs are to be handled in the order of each stream. */
  handlers?: Readonly<Partial<Record<Queue, Handler | DeclaredHandler>>>;
  /** So long an owner of a call to the outside may be silent before it is taken for dead; 10 seconds when left out. */
  callLeaseMs?: number;
  /** So long one call to the outside may take, its lease being kept meanwhile; 40 seconds when left out. */
  callMs?: number;
  /** How long `close` waits for what is under way; 25 seconds when left out. */
  shutdownMs?: number;
  logger: Logger;
}>;
