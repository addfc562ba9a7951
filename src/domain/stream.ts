export const STREAM_KINDS = [
  'call',
  'chat',
  'message',
  'payment',
  'invoice',
  'subscription',
  'payout',
  'provider-object',
  'account-mapping',
  'price-plan',
  'tenant-plan',
  'cost-rate',
  'fx-rate',
  'provider-cost',
  'balance-transaction',
  'statement',
  'period',
  'repetition',
  'effect',
] as const;
export type StreamKind = (typeof STREAM_KINDS)[number];

export const MODES = ['live', 'test'] as const;
export type Mode = (typeof MODES)[number];

export const BOOKS = ['platform', 'tenant'] as const;
export type Books = (typeof BOOKS)[number];

/** The thing that events are about. A thing of our own (a price plan) has no provider and no account. */
export type Stream = Readonly<{
  kind: StreamKind;
  provider?: string;
  account?: string;
  mode: Mode;
  externalId: string;
}>;

/** Each part is percent-encoded, so that no two things share a key whatever characters a provider uses. */
export function streamKey({ kind, provider, account, mode, externalId }: Stream): string {
  return [kind, provider ?? '', account ?? '', mode, externalId].map(encodeKeyPart).join('/');
}

/** What a key names. */
export function readStreamKey(key: string): Readonly<{ provider: string; account: string; externalId: string }> {
  const [, provider = '', account = '', , externalId = ''] = key.split('/').map(decodeURIComponent);
  return { provider, account, externalId };
}

/** encodeURIComponent throws on a lone surrogate; the key must still be one that PostgreSQL takes. */
export function encodeKeyPart(part: string): string {
  return encodeURIComponent(part.toWellFormed());
}
