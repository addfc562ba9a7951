/** What is sent to a peer: the step-th thing that happened to some thing. */
export type PeerWebhook = Readonly<{ id: string; thing: string; step: number }>;

/** The one call to the outside that a worker makes for a webhook. `order`: its place among those of its thing. */
export type MakeCall = (webhook: PeerWebhook, order?: number) => Promise<void>;

export type PeerUrls = Readonly<{ databaseUrl: string; redisUrl: string }>;

/**
 * A small application on one peer, written as the peer's documentation writes it: an HTTP server that stores or enqueues a
 * webhook and then answers 2xx, and a worker that makes one call to the outside for it. Both run in processes of their own,
 * which a supervisor starts again when they end by themselves.
 */
export type Peer = Readonly<{
  name: string;
  version: string;
  standsOn: 'postgres' | 'redis';
  /** How many worker processes it is documented to run side by side. */
  workers: number;
  promisesOrder: boolean;
  /** Once, before any process starts. */
  setUp(urls: PeerUrls): Promise<void>;
  /** What the HTTP server does before it answers: accepted is what this resolves for. */
  openStore(urls: PeerUrls): Promise<(webhook: PeerWebhook) => Promise<void>>;
  /** How many of these webhooks are in the database: what is there and was never called for was lost on its way out. */
  countStored?(databaseUrl: string, ids: readonly string[]): Promise<number>;
  /** What it has not recorded as done: it may still be called for, a first time or again. */
  countOpen(urls: PeerUrls): Promise<number>;
  /** Resolves when it works; `onEnd` when it has ended by itself, after which its process ends too. */
  startWorker(urls: PeerUrls, makeCall: MakeCall, onEnd: (error?: unknown) => void): Promise<void>;
}>;
