import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Router } from 'express';
import { listen } from '../../src/http/listen.ts';
import { createOpenRequests } from '../../src/http/open-requests.ts';
import { createServer } from '../../src/http/server.ts';
import type { ServerDeps } from '../../src/http/server.ts';
import type { IngestWebhook } from '../../src/ingest/ingest-webhook.ts';
import type { Rejection } from '../../src/ingest/rejection-log.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';

export const receivedAt = new Date('2026-03-01T12:00:00Z');
export const bodyLimitBytes = 100_000;

type Api = NonNullable<ServerDeps['api']>;
export type StartOptions = Partial<Pick<ServerDeps, 'readiness'> & Pick<Api, 'v1Router'>> & {
  ingestWebhook?: IngestWebhook;
};

/** The real server on a free port; what it logs and what it reports as rejected is kept to be looked at. */
export async function startServer(options: StartOptions = {}) {
  const rejections: Rejection[] = [];
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const api: Api = {
    webhooks: {
      ingestWebhook:
        options.ingestWebhook ?? (async () => ({ kind: 'recorded', outcome: 'accepted', webhookId: 'wh_1' })),
      rejections: { record: (rejection) => void rejections.push(rejection) },
      bodyLimitBytes,
      unavailableStatus: (provider) => (provider === 'gohighlevel' ? 429 : 503),
      clock: { now: () => receivedAt },
      logger,
    },
    v1Router: options.v1Router ?? Router(),
    consoleRouter: Router(),
  };
  const metrics = createMetrics({ providers: ['stripe', 'gohighlevel'] });
  const openRequests = createOpenRequests({ metrics });
  const server = createServer({
    api,
    readiness: options.readiness ?? (async () => ({ database: true })),
    metrics: { ...metrics, contentType: metrics.registry.contentType, render: () => metrics.registry.metrics() },
    openRequests,
    logger,
  });
  const { url, port, close } = await listen(server, { port: 0, host: '127.0.0.1', mayMove: false, logger });
  return { server, url, port, openRequests, rejections, lines, close: () => close(0) };
}

export type StartedServer = Awaited<ReturnType<typeof startServer>>;

/** A connection on which the test writes what it likes; `answer` is everything until the server closes it. */
export async function openConnection(port: number): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    received += text;
  });
  // Writing on after the server has closed is what some tests are about.
  socket.on('error', () => undefined);
  const answer = once(socket, 'close').then(() => received);
  await once(socket, 'connect');
  return { socket, answer };
}
