import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { findFreePort } from '../../src/dev/free-port.ts';

export type TcpProxy = Readonly<{
  /** The url of the server behind, by way of this proxy. */
  url: string;
  /** Breaks every connection and refuses new ones. */
  stop(): Promise<void>;
  /** Listens on the same port again. */
  start(): Promise<void>;
}>;

/** Stands between a client and a server of this machine, so that a test can take the server away. Not yet started. */
export async function createTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const port = await findFreePort();
  const url = new URL(targetUrl);
  url.host = `127.0.0.1:${port}`;
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  function track(socket: Socket, other: () => Socket): void {
    sockets.add(socket);
    // Either side's error or end is the end of both.
    socket.on('error', () => other().destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      other().destroy();
    });
  }

  return {
    url: url.href,
    async start() {
      server = createServer((client) => {
        const upstream = connect(Number(target.port), target.hostname);
        track(client, () => upstream);
        track(upstream, () => client);
        client.pipe(upstream).pipe(client);
      });
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
      await promise;
    },
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>();
      if (server === undefined) return;
      server.close(() => resolve());
      server = undefined;
      for (const socket of sockets) socket.destroy();
      await promise;
    },
  };
}
