import type { Socket } from 'node:net';
import { connect } from 'node:net';

export type Answer = Readonly<{ status: number; body: string }>;

/** Kept-alive connections to one port of this machine, one request at a time on each: nothing is pipelined. */
export type HttpPool = Readonly<{
  /**
   * Sends the bytes of one request over a connection that is free, else over a new one, else, with the pool at its
   * bound, over the first that is free again. Rejects when the connection breaks or the answer has no length.
   */
  request(bytes: Buffer): Promise<Answer>;
  connections(): number;
  close(): void;
}>;

type Connection = Readonly<{ socket: Socket; send(bytes: Buffer): Promise<Answer> }>;

/** Less than an HTTP client of Node's, which would take more of the machine than what it measures. */
export function createHttpPool({ port, max }: { port: number; max: number }): HttpPool {
  const all = new Set<Connection>();
  const free = new Set<Connection>();
  const waiting: ((connection: Connection) => void)[] = [];

  async function open(): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const connection = { socket, send: createExchange(socket) };
    all.add(connection);
    socket.once('close', () => {
      all.delete(connection);
      free.delete(connection);
    });
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return connection;
  }

  function take(): Connection | Promise<Connection> {
    // The one that has been free for longest: the server closes what stays idle.
    const [longest] = free;
    if (longest !== undefined) {
      free.delete(longest);
      return longest;
    }
    return all.size < max ? open() : new Promise((resolve) => waiting.push(resolve));
  }

  return {
    async request(bytes) {
      const connection = await take();
      const answer = await connection.send(bytes);
      const next = waiting.shift();
      if (next === undefined) free.add(connection);
      else next(connection);
      return answer;
    },
    connections: () => all.size,
    close: () => all.forEach(({ socket }) => socket.destroy()),
  };
}

function createExchange(socket: Socket): (bytes: Buffer) => Promise<Answer> {
  let received = '';
  let exchange: PromiseWithResolvers<Answer> | undefined;
  const fail = (error: Error): void => exchange?.reject(error);
  socket.setEncoding('utf8');
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('The server closed a connection under a request.')));
  socket.on('data', (chunk: string) => {
    received += chunk;
    const end = received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = received.slice(0, end);
    const length = /\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) return fail(new Error(`An answer has no length: ${head.split('\r\n')[0]}`));
    const body = received.slice(end + 4);
    if (Buffer.byteLength(body) < Number(length)) return;
    received = '';
    exchange?.resolve({ status: Number(head.slice(9, 12)), body });
  });
  return (bytes) => {
    exchange = Promise.withResolvers();
    socket.write(bytes);
    return exchange.promise;
  };
}
