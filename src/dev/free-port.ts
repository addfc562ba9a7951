import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A port on 127.0.0.1 that nobody listens on now: `wanted` if it is one, else any. Another process may still take it. */
export async function findFreePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await probe(wanted)) !== undefined) return wanted;
  const port = await probe(0);
  if (port === undefined) throw new Error('No free port on 127.0.0.1.');
  return port;
}

function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(isAddressInfo(address) ? address.port : undefined));
    });
  });
}

function isAddressInfo(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
