/**
 * The port of everything outside that we ask to do something: an SMS, an email, a row in a CRM. One adapter stands for
 * one target. The effect log (`workers/effect-log.ts`) decides whether to call; an adapter only calls.
 */

export type Json = string | number | boolean | null | readonly Json[] | Readonly<{ [name: string]: Json }>;

/** What is to be done, in the adapter's own terms. It is sent and never stored. */
export type OutboundRequest = Readonly<Record<string, Json>>;

/** What a handler needs of the answer, such as the provider's id. It is stored: no body, no personal data. */
export type OutboundResult = Readonly<Record<string, string | number | boolean>>;

export type CallContext = Readonly<{
  /** A UUID, the same for every call of one effect. */
  key: string;
  tenantId: string;
  /** Aborted at the deadline, and when the job is taken away. The adapter stops then and throws. */
  signal: AbortSignal;
  deadline: Date;
}>;

/** `not-found` must be certain: the call is made again then. */
export type LookUp =
  | Readonly<{ kind: 'found'; result: OutboundResult }>
  | Readonly<{ kind: 'not-found' }>
  | Readonly<{ kind: 'unknown'; reason: string }>;

type Call = Readonly<{
  name: string;
  /**
   * Asks the other side once and never repeats by itself. Resolves when that has done it.
   * @throws CallRefusedError or CallNotTakenError when it certainly has not; after anything else that is thrown, it may
   *   have. Messages carry no secret, no body and nothing personal.
   */
  call(request: OutboundRequest, context: CallContext): Promise<OutboundResult>;
}>;

/**
 * What may be done when nobody knows what became of a call:
 * - idempotent: call again; the other side knows the key and does nothing twice
 * - queryable: ask whether it was done, and call again only if it certainly was not
 * - neither: nothing; a person decides
 */
export type OutboundAdapter =
  | (Call & Readonly<{ declared: 'idempotent' | 'neither' }>)
  | (Call &
      Readonly<{ declared: 'queryable'; lookUp(request: OutboundRequest, context: CallContext): Promise<LookUp> }>);

export type Declared = OutboundAdapter['declared'];
