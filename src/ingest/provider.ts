import type { z } from 'zod';
import type { DomainEvent } from '../domain/events.ts';
import type { Books } from '../domain/stream.ts';
import type { Source } from '../tenants/source.ts';

/** One HTTP request as it came in. `body` is the raw bytes; nothing parsed them yet. */
export type IncomingRequest = Readonly<{
  method: string;
  /** Path and query as received. */
  url: string;
  /** Names in lower case; a header that came twice holds both values, in order. */
  headers: Readonly<Record<string, readonly string[]>>;
  body: Buffer;
  receivedAt: Date;
}>;

export const SIGNATURE_FAULTS = [
  'no-secret-configured',
  'missing-signature',
  'doubled-signature',
  'malformed-signature',
  'wrong-signature',
  'expired-signature',
  'future-signature',
] as const;
export type SignatureFault = (typeof SIGNATURE_FAULTS)[number];

export type Verification =
  | Readonly<{ verified: true; signedAt?: Date }>
  /** `detail`: for people who look at the rejection, such as the address that was signed against; no secret, no body. */
  | Readonly<{ verified: false; cause: SignatureFault; detail?: string }>;

/** What an event of the webhook is about, when that differs from the webhook's own accounts. */
export type EventAccounts = Readonly<{ accountIds: readonly string[]; startedAt?: Date }>;

/** The answer that this provider expects to a recorded webhook, where it is not 202 with our JSON. */
export type ProviderAnswer = Readonly<{ status: number; contentType?: string; body?: string }>;

export type UnmappedReason = 'unknown-type' | 'unreadable' | 'odd-shape' | 'mapping-failed' | 'refused-by-database';

/** What a verified webhook says. */
export type Normalised = Readonly<{
  /** The provider's own name of the type; `unreadable` where none can be read. */
  providerType: string;
  /** The provider's own id of this event or delivery, where it has one. */
  providerEventId?: string;
  /**
   * `k` of the dedupe key: the provider's event id, else the natural key of the type. Undefined: only the content
   * tells duplicates, for 24 hours, and no money may come of it.
   */
  dedupeKey?: string;
  /** What two deliveries of one event have in common: the body less its volatile fields. */
  content: Buffer | string;
  /** External ids that may be mapped to a tenant, best first. */
  accountIds: readonly string[];
  /** When the thing began, for mappings that are valid in time; else the time of the event. */
  startedAt?: Date;
  status: 'accepted' | 'unmapped' | 'quarantined';
  /** Why it is unmapped or quarantined, for people. */
  detail?: string;
  /** At least one, unless quarantined. */
  events: readonly DomainEvent[];
  /** For a batch: one entry for each event, in their order. Left out: `accountIds` and `startedAt` hold for all. */
  eventAccounts?: readonly EventAccounts[];
  /** Whose money it is, where that is not as the source says: that of an account behind the one of the source. */
  books?: Books;
  /** Sent after the commit, and again to a duplicate. */
  answer?: ProviderAnswer;
}>;

/** Pure: no I/O, no clock (times come in), no randomness. One file each in `providers/`. */
export type Provider = Readonly<{
  name: string;
  /** What to answer when the event store can not take it: 429 where the provider gives up on a 5xx; 503 elsewhere. */
  unavailableStatus?: 429 | 503;
  /** What `settings` of a source of it may hold; see `checkSettings`. */
  settings?: z.ZodType;
  /** Names, in lower case, of headers that are to be kept beside the usual ones, to verify the webhook again. */
  signedHeaders?(source: Source): readonly string[];
  /** Constant time, on raw bytes, fail closed. The tolerance of the clock holds in both directions. */
  verify(request: IncomingRequest, source: Source, now: Date): Verification;
  /** Maps a verified request. May throw: the caller keeps the webhook raw, as unmapped (`mapping-failed`). */
  normalise(request: IncomingRequest, source: Source, verification: { signedAt?: Date }): Normalised;
}>;
