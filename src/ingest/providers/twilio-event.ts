import type { Stream } from '../../domain/stream.ts';
import type { Source } from '../../tenants/source.ts';

/** Where and when one event of Twilio belongs. */
export type TwilioEvent = Readonly<{
  source: Source;
  /** When Twilio says that it happened, else when it came. ISO 8601. */
  at: string;
}>;

export function twilioStream(source: Source, kind: 'call' | 'message' | 'provider-object', externalId: string): Stream {
  return { kind, provider: 'twilio', account: source.account, mode: source.mode, externalId };
}

export function secondsBefore(at: string, seconds: number): string {
  return new Date(Math.max(0, Date.parse(at) - seconds * 1000)).toISOString();
}

type Ends = Readonly<{ From?: string | undefined; To?: string | undefined }>;

/** Both ends, as Twilio writes them. */
export function partiesOf({ From: from, To: to }: Ends) {
  return from === undefined && to === undefined ? {} : { personal: { from, to } };
}

/** Twilio tells many directions; an `originating` trunk brings calls in, a `terminating` one takes them out. */
export function isInboundCall(direction: string): boolean {
  return direction === 'inbound' || direction === 'trunking-originating';
}
