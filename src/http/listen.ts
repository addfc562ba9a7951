import type { Server } from 'node:http';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '../platform/logger.ts';
import { errorCode } from './error-code.ts';

export type ListenOptions = Readonly<{
  port: number;
  host: string;
  /** Whether a taken port moves on to the next one. In production it is an error instead. */
  mayMove: boolean;
  logger: Logger;
}>;

export type Listening = Readonly<{
  port: number;
  url: string;
  /**
   * Closes the port and idle connections; requests under way go on. Whoever connected before is still let in: resolves
   * when no connection is left, or those that are have had a second to ask for something, or `deadlineMs`.
   */
  stopAccepting(deadlineMs: number): Promise<void>;
  /** Takes no new request, lets those under way end, and after `deadlineMs` cuts them off. */
  close(deadlineMs: number): Promise<void>;
}>;

/** How many ports to try: more than a machine runs of these, few enough to fail soon. */
const MAX_PORTS = 50;
/** A request follows its connection within this time; what says nothing for longer was opened in advance. */
const SPEAK_MS = 1_000;
const SHORT_TURN_MS = 1;

export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly code = 'port_taken';
  readonly port: number;

  constructor(port: number, cause: unknown) {
    super(`Port ${port} is taken. Stop what listens there, or set PORT to another one.`, { cause });
    this.port = port;
  }
}

/** @throws PortTakenError when the port is taken and may not move, or none of the next ones is free. */
export async function listen(server: Server, options: ListenOptions): Promise<Listening> {
  const { port: wanted, host, mayMove, logger } = options;
  const lastPort = mayMove && wanted !== 0 ? Math.min(wanted + MAX_PORTS - 1, 65_535) : wanted;
  for (let port = wanted; ; port += 1) {
    try {
      const actual = await listenOn(server, port, host);
      if (actual !== wanted && wanted !== 0)
        logger.warn({ wanted, port: actual }, 'port taken; moved to the next free one');
      return {
        port: actual,
        url: `http://${urlHost(host)}:${actual}`,
        stopAccepting: (deadlineMs) => stopAccepting(server, deadlineMs),
        close: (deadlineMs) => close(server, deadlineMs),
      };
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE') throw error;
      if (port >= lastPort) throw new PortTakenError(wanted, error);
    }
  }
}

function listenOn(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(error);
    server.once('error', onError);
    server.listen(port, host, () => {
      server.off('error', onError);
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

async function stopAccepting(server: Server, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  await untilNobodyWaits(server, deadlineMs / 2);
  const closed = new AbortController();
  server.close(() => closed.abort());
  const speakMs = Math.min(SPEAK_MS, Math.max(0, deadline - performance.now()));
  await pause(speakMs, undefined, { signal: closed.signal }).catch(() => undefined);
}

/**
 * The kernel makes connections by itself and resets those that nobody has accepted when the port closes. Node accepts
 * one in each turn of its loop; so the port may close right after a turn that had none, and that was short.
 */
async function untilNobodyWaits(server: Server, deadlineMs: number): Promise<void> {
  let accepted = 0;
  const count = (): void => void (accepted += 1);
  server.on('connection', count);
  const deadline = performance.now() + deadlineMs;
  await nextTurn();
  for (;;) {
    const before = { accepted, at: performance.now() };
    await nextTurn();
    const now = performance.now();
    if ((accepted === before.accepted && now - before.at < SHORT_TURN_MS) || now > deadline) break;
  }
  server.off('connection', count);
}

function close(server: Server, deadlineMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
    server.close((error) => {
      clearTimeout(deadline);
      // The port was closed before: this was called when the last connection was.
      if (error === undefined || errorCode(error) === 'ERR_SERVER_NOT_RUNNING') resolve();
      else reject(error);
    });
  });
}

/** What a browser can open: listening everywhere is no address to visit. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
